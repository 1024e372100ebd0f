"""K7: a service joins the team where the person has agreed that its sector takes part."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._elements import code_in, part, reference, references, several, status
from fhir_service.rules._kinds import Kind, is_imported, kind_of
from fhir_service.rules._model import Change, Rule, Standing
from fhir_service.rules._private import provider_of
from fhir_service.rules._times import is_open
from fhir_service.rules._transitions import STANDING_TEAM
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

MEMBER = "member"


def check(change: Change) -> Iterable[Issue]:
    """Refuses a member who is new in a team at work, and whom no consent to sharing covers."""
    team, before = change.after, change.before
    if team is None or kind_of(team) is not Kind.TEAM or is_imported(team) or status(team) not in STANDING_TEAM:
        return
    if status(before) not in STANDING_TEAM:
        return
    known = {reference(p.get("member")) for p in several((before or {}).get("participant"))}
    for place, participant in enumerate(several(team.get("participant"))):
        is_new = is_open(participant.get("period")) and reference(participant.get("member")) not in known
        if is_new and _is_member(participant) and not _is_covered(change.standing, participant):
            text = (
                "The person has not agreed that this sector takes part: an active Consent of category plan-sharing "
                "permits it, with the organization as actor or the sector as securityLabel"
            )
            yield error("rule", f"CareTeam.participant[{place}]", text)


def _is_member(participant: Resource) -> bool:
    return any(code_in(role, names.TEAM_ROLE) == MEMBER for role in several(participant.get("role")))


def _is_covered(standing: Standing, participant: Resource) -> bool:
    sectors = {c.get("code") for c in _sectors(participant)}
    provider = provider_of(standing, participant)
    return any(_permits(provision, provider, sectors) for provision in _provisions(standing))


def _sectors(participant: Resource) -> Iterator[Resource]:
    stated = (
        part(e, "valueCoding") or {} for e in several(participant.get("extension")) if e["url"] == names.IP_SECTOR
    )
    return (c for c in stated if c.get("system") == names.SECTOR)


def _provisions(standing: Standing) -> Iterator[Resource]:
    for consent in standing.of("Consent"):
        is_sharing = code_in(consent.get("category"), names.CONSENT_KIND) == "plan-sharing"
        if is_sharing and consent.get("status") == "active":
            yield from several(part(consent, "provision", "provision"))


def _permits(provision: Resource, provider: str | None, sectors: set[object]) -> bool:
    if provision.get("type") != "permit":
        return False
    labels = {c.get("code") for c in several(provision.get("securityLabel")) if c.get("system") == names.SECTOR}
    actors = references([a.get("reference") for a in several(provision.get("actor"))])
    return bool(sectors & labels) or (provider is not None and provider in actors)


RULE = Rule(
    id="members-by-consent",
    title="A service joins the team with the person's consent",
    basis="pasient- og brukerrettighetsloven § 2-5; helsepersonelloven §§ 22, 25; workflow.md 4.5 K7, 4.7",
    says="En tjeneste blir med i ansvarsgruppen når personen har samtykket til at sektoren deltar.",
    on=frozenset({"CareTeam"}),
    check=check,
)
