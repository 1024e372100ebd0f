"""What consents open, cover and block (workflow.md 4.7; pasient- og brukerrettighetsloven § 5-3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_service.access._periods import Times, both, covering
from fhir_service.access.labels import SECTORS, marked, party_of
from fhir_service.access.members import organizations
from fhir_service.rules import Standing, code_in, reference, several
from fhir_service.sight import EXISTENCE
from profiles import names
from profiles.resource import Resource

BLOCKING = "PBRL5-3"
"""Of no-basis-legal-formality-or-basis: the person has information blocked."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What a provision opens: a label, to an organization, for some time."""

    who: str
    label: str
    times: Times


@dataclass(frozen=True, slots=True)
class Block:
    """What is blocked: for an organization, or for all members (None); some sectors, or everything (None)."""

    who: str | None
    sectors: frozenset[str] | None
    times: Times


def shared(standing: Standing) -> Iterator[Shared]:
    """What the active consents to share the plan permit."""
    for consent in _active(standing, "plan-sharing"):
        outer = covering(consent.get("provision", {}).get("period"))
        for provision in _provisions(consent, "permit"):
            times = both(outer, covering(provision.get("period")))
            labels = _opened(provision)
            for who in _actors(standing, provision):
                yield from (Shared(who, label, times) for label in labels)


def covered(standing: Standing) -> frozenset[str] | None:
    """The sectors that the consents to make a plan cover; None: all there is, as none of them says anything else.

    A consent covers what it permits, or everything but what it denies.
    """
    told = [sectors for consent in _active(standing, "plan-creation") if (sectors := _covered(consent)) is not None]
    return frozenset().union(*told) if told else None


def _covered(consent: Resource) -> frozenset[str] | None:
    permitted = [labels for one in _provisions(consent, "permit") if (labels := _labels(one))]
    denied = [labels for one in _provisions(consent, "deny") if (labels := _labels(one))]
    if not permitted and not denied:
        return None
    return (frozenset().union(*permitted) if permitted else SECTORS) - frozenset().union(*denied)


def blocks(standing: Standing) -> Iterator[Block]:
    """What the person has blocked."""
    for consent in (c for c in standing.of("Consent") if c.get("status") == "active" and is_blocking(c)):
        outer = covering(consent.get("provision", {}).get("period"))
        for provision in _provisions(consent, "deny"):
            times = both(outer, covering(provision.get("period")))
            sectors = _labels(provision) or None
            named = several(provision.get("actor"))
            actors = _actors(standing, provision) if named else [None]
            yield from (Block(who, sectors, times) for who in actors)


def is_blocking(consent: Resource) -> bool:
    """Whether a Consent blocks information, as the Norwegian draft profile has it (domain.md 9)."""
    codes = (c.get("code") for c in several(consent.get("policyRule", {}).get("coding")))
    uris = (str(policy.get("uri", "")) for policy in several(consent.get("policy")))
    return BLOCKING in codes or any(uri.endswith(f"#{BLOCKING}") for uri in uris)


def _active(standing: Standing, kind: str) -> Iterator[Resource]:
    consents = (c for c in standing.of("Consent") if c.get("status") == "active")
    return (c for c in consents if code_in(c.get("category"), names.CONSENT_KIND) == kind)


def _provisions(consent: Resource, wanted: str) -> Iterator[Resource]:
    """The provisions of a type: the outermost one where it names somebody or something, and those within it."""
    outermost = consent.get("provision", {})
    inner = several(outermost.get("provision"))
    says_itself = bool(outermost.get("actor") or outermost.get("securityLabel")) or not inner
    for provision in (*([outermost] if says_itself else []), *inner):
        if provision.get("type") == wanted:
            yield provision


def _opened(provision: Resource) -> frozenset[str]:
    """The labels that a permission opens; none where it goes into what no label can tell (`data`, further rules)."""
    if provision.get("data"):
        return frozenset()
    if any(
        c.get("system") == names.CONSENT_CLASS and c.get("code") == EXISTENCE for c in several(provision.get("class"))
    ):
        return frozenset({EXISTENCE})
    labels = _labels(provision) or (frozenset() if provision.get("securityLabel") else SECTORS)
    inner = [_labels(one) or SECTORS for one in several(provision.get("provision")) if one.get("type") != "permit"]
    return labels.difference(*inner)


def _labels(provision: Resource) -> frozenset[str]:
    return marked(several(provision.get("securityLabel"))) & SECTORS


def _actors(standing: Standing, provision: Resource) -> Iterator[str]:
    stands_for = organizations(standing)
    named: list[Any] = [actor.get("reference") for actor in several(provision.get("actor"))]
    return (who for one in named if (who := party_of(reference(one), stands_for)))
