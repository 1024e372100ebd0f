"""Private providers: they take part by an agreement with a municipality (decision 42, domain.md 2.3 R15)."""

from collections.abc import Iterator
from datetime import date

from fhir_service.rules._elements import code_in, codings, part, reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Standing
from fhir_service.rules._times import is_open
from profiles import names
from profiles.resource import Resource

PRIVATE = "private"
AGREEMENT = "agreement"
DAY = len("2026-11-22")


def provider_of(standing: Standing, participant: Resource) -> str | None:
    """The organization for which somebody takes part."""
    member = reference(participant.get("member"))
    behalf = reference(participant.get("onBehalfOf")) or reference(part(standing.get(member), "organization"))
    return behalf or (member if (member or "").startswith("Organization/") else None)


def is_private(standing: Standing, participant: Resource) -> bool:
    """Whether a private provider takes part: told by the sector of the participant, or by the organization's type."""
    sectors = (
        part(e, "valueCoding") or {} for e in several(participant.get("extension")) if e["url"] == names.IP_SECTOR
    )
    kinds = several(part(standing.get(provider_of(standing, participant)), "type"))
    stated = any((c.get("system"), c.get("code")) == (names.SECTOR, PRIVATE) for c in sectors)
    return stated or any(code_in(kind, names.SECTOR) == PRIVATE for kind in kinds)


def private_providers(standing: Standing) -> frozenset[str]:
    """The private organizations whose people take part now, whose agreements must be at hand."""
    teams = (t for t in standing.of("CareTeam") if kind_of(t) is Kind.TEAM)
    members = (p for t in teams for p in several(t.get("participant")) if is_open(p.get("period")))
    found = (provider_of(standing, p) for p in members if is_private(standing, p))
    return frozenset(provider for provider in found if provider)


def has_agreement(standing: Standing, participant: Resource, today: date) -> bool:
    """Whether a provider has an active agreement today."""
    provider = provider_of(standing, participant)
    return provider is not None and any(_holds(one, today) for one in agreements(standing, provider))


def agreements(standing: Standing, provider: str) -> Iterator[Resource]:
    """The agreements of a provider with a municipality that are not called off, whenever they hold."""
    for one in standing.of("OrganizationAffiliation"):
        coded = any(coding.get("code") == AGREEMENT for coding in codings(one.get("code")))
        if one.get("active", True) and coded and reference(one.get("participatingOrganization")) == provider:
            yield one


def _holds(affiliation: Resource, today: date) -> bool:
    start, end = (str(part(affiliation, "period", name) or "")[:DAY] for name in ("start", "end"))
    day = today.isoformat()
    return start <= day[: len(start)] and (not end or day[: len(end)] <= end)
