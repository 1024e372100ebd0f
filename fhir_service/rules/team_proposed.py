"""K1: a coordinator is proposed where one is looked for, and the person is asked."""

from collections.abc import Iterable

from fhir_service.rules._appointing import is_wanted
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import reference, references
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters, is_imported, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._team import coordinator, coordinators
from profiles import names
from profiles.issues import Issue, error
from profiles.r4_types import Communication


def check(change: Change) -> Iterable[Issue]:
    """The guard of K1, and what a candidate is."""
    team = change.after
    if team is None or kind_of(team) is not Kind.TEAM:
        return
    for place, participant in coordinators(team):
        rtype = (reference(participant.get("member")) or "").partition("/")[0]
        if rtype != "PractitionerRole" and not (rtype == "Practitioner" and participant.get("onBehalfOf")):
            text = (
                "The member who coordinates is a Reference to a PractitionerRole (of any provider), or to a "
                "Practitioner beside onBehalfOf, the unit"
            )
            yield error("rule", f"CareTeam.participant[{place}].member", text)
    if not enters(change, Kind.TEAM, "proposed") or is_imported(team):
        return
    if not coordinators(team):
        text = (
            "A proposed team has its candidate: a participant with role coordinator or child-coordinator "
            f"({names.TEAM_ROLE}) and no period.end"
        )
        yield error("rule", "CareTeam.participant", text)
    if not is_wanted(change.standing):
        text = (
            "No coordinator is being looked for: there is no open Task appoint-coordinator (a case that is decided"
            " with decision-coordinator granted makes it) or change-coordinator"
        )
        yield error("rule", "CareTeam", text)


def effects(change: Change) -> Iterable[Effect]:
    """The person is asked."""
    team = change.after
    if team is None or not enters(change, Kind.TEAM, "proposed") or not references(team.get("subject")):
        return
    message: Communication = {
        "resourceType": "Communication",
        "id": derived_id("candidate", team["id"], reference(coordinator(team)) or ""),
        "status": "preparation",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "subject": team["subject"],
        "about": [{"reference": f"CareTeam/{team['id']}"}],
        "recipient": [team["subject"]],
        "payload": [{"contentString": "Det er foreslått en koordinator for deg. Si fra om du ønsker en annen."}],
    }
    yield from make(change.standing, message)


RULE = Rule(
    id="team-proposed",
    title="A coordinator is proposed where one is looked for",
    basis="helse- og omsorgstjenesteloven § 7-2; workflow.md 4.5 K1",
    says="Koordinator foreslås når det er innvilget eller skal skiftes koordinator, og personen blir spurt.",
    on=frozenset({"CareTeam"}),
    check=check,
    effects=effects,
)
