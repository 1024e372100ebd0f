"""K4: another coordinator, from the moment the former one ends, for a reason that is told; the members learn of it."""

from collections.abc import Iterable

from fhir_service.rules._drafting import make
from fhir_service.rules._elements import (
    as_reference,
    extension,
    is_stated,
    part,
    reference,
    reference_to,
    references,
    several,
    status,
)
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, is_imported, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._people import display_of
from fhir_service.rules._team import coordinators
from fhir_service.rules._times import OSLO, instant, is_open, parse
from fhir_service.rules._transitions import STANDING_TEAM
from profiles import names
from profiles.issues import Issue, error
from profiles.r4_types import Communication, Reference
from profiles.resource import Resource

DAY = len("2026-11-22")
RECEIVERS = ("PractitionerRole", "Practitioner", "Organization", "Patient", "RelatedPerson")


def check(change: Change) -> Iterable[Issue]:
    """The former one stays in the list with an end, the new one does not begin after it, and the reason is there."""
    team = change.after
    if team is None or not _succeeds(change) or is_imported(team):
        return
    ends = {e for _, p in coordinators(change.before) for e in _ends(team, reference(p.get("member")))}
    place, new = coordinators(team)[0]
    if not ends:
        text = "The former coordinator stays in the list, with period.end: the time at which the new one starts"
        yield error("rule", "CareTeam.participant", text)
    elif _day(part(new, "period", "start")) > max(map(_day, ends)):
        text = f"There is no gap between coordinators: the new one starts when the former one ends, {max(ends)}"
        yield error("rule", f"CareTeam.participant[{place}].period.start", text)
    if not _says_why(change, team):
        text = (
            f"A change of coordinator says why: extension {names.IP_STATUS_REASON} of the CareTeam, the header "
            "X-Knutepunkt-Reason, or a Provenance with reason and the CareTeam as target in the same transaction"
        )
        yield error("rule", "CareTeam.extension", text)


def effects(change: Change) -> Iterable[Effect]:
    """One Communication to everybody who takes part."""
    team = change.after
    if team is None or not _succeeds(change):
        return
    members = [p.get("member") for p in several(team.get("participant")) if is_open(p.get("period"))]
    new = coordinators(team)[0][1].get("member")
    told = [m for m in members if (reference(m) or "").partition("/")[0] in RECEIVERS and m != new]
    recipients: list[Reference] = [found for m in told if (found := as_reference(m))]
    now = instant(change.context.now)
    name = display_of(change.standing, new)
    message: Communication = {
        "resourceType": "Communication",
        "id": derived_id("succeeded", team["id"], reference(new) or "", now),
        "status": "completed",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "subject": team.get("subject"),
        "about": [reference_to(team)],
        "sent": now,
        "recipient": recipients,
        "sender": next(iter(several(team.get("managingOrganization"))), None),
        "payload": [{"contentString": f"Ansvarsgruppen har fått ny koordinator{f': {name}' if name else ''}."}],
    }
    if recipients:
        yield from make(change.standing, message)


def _succeeds(change: Change) -> bool:
    """Whether one coordinator of a team at work follows another."""
    team, before = change.after, change.before
    if kind_of(team) is not Kind.TEAM or status(team) not in STANDING_TEAM or status(before) not in STANDING_TEAM:
        return False
    old, new = ({reference(p.get("member")) for _, p in coordinators(one)} for one in (before, team))
    return bool(old) and bool(new) and old.isdisjoint(new)


def _ends(team: Resource, member: str | None) -> list[str]:
    """The ends of a former member's periods in the list as it is now."""
    periods = (p.get("period") for p in several(team.get("participant")) if reference(p.get("member")) == member)
    return [end for period in periods if isinstance(end := part(period, "end"), str)]


def _day(text: object) -> str:
    """Dates and times of either precision, compared by the day."""
    found = parse(text)
    return found.astimezone(OSLO).date().isoformat() if found else ""


def _says_why(change: Change, team: Resource) -> bool:
    stated = part(extension(team, names.IP_STATUS_REASON), "valueCodeableConcept")
    if is_stated(stated) or (change.by.reason or "").strip():
        return True
    told = (p for p in change.standing.of("Provenance") if f"CareTeam/{team['id']}" in references(p.get("target")))
    return any(is_stated(reason) for p in told for reason in several(p.get("reason")))


RULE = Rule(
    id="coordinator-succeeded",
    title="A change of coordinator has a reason and no gap",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.5 K4; domain.md 2.3 R9, R10",
    says="Skifte av koordinator begrunnes, den nye begynner når den forrige slutter, og ansvarsgruppen får beskjed.",
    on=frozenset({"CareTeam"}),
    check=check,
    effects=effects,
)
