"""INV-02: one coordinator from the municipality per person."""

from collections.abc import Iterable

from fhir_service.rules._expected import is_for_expected_child
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._team import appointed, coordinators
from fhir_service.rules._transitions import STANDING_TEAM
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """Refuses a second open coordinator or child coordinator in the end state of the transaction."""
    after = change.after
    if after is None:
        return
    # The coordinator of an expected child is counted apart from the mother's own (4.10).
    held = [is_for_expected_child(team) for team, _, _ in appointed(change.standing)]
    if max(held.count(True), held.count(False)) <= 1:
        return
    is_team = kind_of(after) is Kind.TEAM and after.get("status") in STANDING_TEAM
    own = coordinators(after) if is_team else []
    # A Patient that turns out to be another person's may bring a second coordinator, too (4.10).
    if own or after["resourceType"] == "Patient":
        text = (
            "The person would have more than one coordinator (coordinator or child-coordinator with an open period). "
            "Set period.end of the former one first, or in the same update of the CareTeam"
        )
        at = f"CareTeam.participant[{own[-1][0]}]" if own else "Patient"
        yield error("second-coordinator", at, text)


RULE = Rule(
    id="one-coordinator",
    title="One coordinator per person from the municipality",
    basis="helse- og omsorgstjenesteloven §§ 7-2, 7-2 a; workflow.md 3 INV-02",
    says="En person skal ha én koordinator fra kommunen: enten koordinator eller barnekoordinator.",
    on=frozenset({"CareTeam", "Patient"}),
    check=check,
    order=20,
)
