"""K1, K2: whoever is appointed has the role that the person was granted, and chose where both were (4.4, R7)."""

from collections.abc import Iterable

from fhir_service.rules._appointing import searches
from fhir_service.rules._case import CHILD_DECISION, DECISIONS, case_behind, decided
from fhir_service.rules._decision import chosen_right
from fhir_service.rules._elements import code_in
from fhir_service.rules._kinds import Kind, enters, is_imported
from fhir_service.rules._model import Change, Rule, Standing
from fhir_service.rules._team import coordinators
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

RIGHTS = {DECISIONS[0]: "coordinator", CHILD_DECISION: "child-coordinator"}
"""Decision -> the role that it grants."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses a candidate in a role that was decided against; a child coordinator need not be decided apart."""
    team = change.after
    is_step = enters(change, Kind.TEAM, "proposed") or enters(change, Kind.TEAM, "active")
    if team is None or is_imported(team) or not is_step:
        return
    against = _against(change.standing)
    for place, participant in coordinators(team):
        if code_in(participant.get("role"), names.TEAM_ROLE) in against:
            text = "This role was not granted to the person, or they chose the other one (outputs of the case)"
            yield error("rule", f"CareTeam.participant[{place}].role", text)


def _against(standing: Standing) -> frozenset[str]:
    """The roles that the decisions behind the searches exclude."""
    cases = [case for task in searches(standing) if (case := case_behind(standing, task)) is not None]
    return frozenset(role for case in cases for decision, role in RIGHTS.items() if _excludes(case, decision, role))


def _excludes(case: Resource, decision: str, role: str) -> bool:
    chosen = chosen_right(case)
    return chosen != role if chosen else decided(case, decision) not in (None, "granted")


RULE = Rule(
    id="right-appointed",
    title="The coordinator has the role that was granted",
    basis="pasient- og brukerrettighetsloven §§ 2-5 b, 2-5 c; workflow.md 4.4, 4.5 K1, K2; domain.md 2.3 R7",
    says="Den som oppnevnes, har rollen som er innvilget, og som familien valgte der begge er innvilget.",
    on=frozenset({"CareTeam"}),
    check=check,
)
