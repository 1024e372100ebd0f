"""K2: where a unit was asked for a coordinator, its leader confirms before the team becomes active."""

from collections.abc import Iterable

from fhir_service.rules._appointing import unconfirmed
from fhir_service.rules._elements import status
from fhir_service.rules._kinds import Kind, enters, is_imported
from fhir_service.rules._model import Change, Rule
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """A Task that the koordinerende enhet kept itself is confirmed by it, with the appointment."""
    team = change.after
    if team is None or is_imported(team) or not enters(change, Kind.TEAM, "active"):
        return
    if status(change.before) == "proposed" and unconfirmed(change.standing):
        text = (
            "The unit that was asked for a coordinator has not confirmed: its Task appoint-coordinator is accepted "
            "(or in-progress) first"
        )
        yield error("rule", "CareTeam.status", text)


RULE = Rule(
    id="unit-confirms",
    title="The unit confirms who coordinates",
    basis="helse- og omsorgstjenesteloven § 7-2; workflow.md 1, 4.5 K2",
    says="Er en enhet bedt om å peke ut koordinator, må lederen der ha bekreftet før koordinatoren oppnevnes.",
    on=frozenset({"CareTeam"}),
    check=check,
)
