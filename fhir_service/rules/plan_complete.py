"""INV-03: a plan comes into force with everything that the law makes mandatory (P2, P5)."""

from collections.abc import Iterable

from fhir_service.rules._completeness import MANDATORY, Looked, gaps
from fhir_service.rules._kinds import Kind, enters, is_imported
from fhir_service.rules._model import Change, Rule
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """One issue for each mandatory slot that is empty, with its path."""
    plan = change.after
    if plan is None or not enters(change, Kind.PLAN, "active") or is_imported(plan):
        return
    for gap in gaps(Looked(plan, change.standing, change.context), MANDATORY):
        yield error("incomplete-plan", gap.path, f"{gap.slot}: a plan in force needs {gap.text}")


RULE = Rule(
    id="plan-complete",
    title="A plan in force is complete",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 3 INV-03, 6.2",
    says="Planen kan tas i bruk når den har mål, tiltak med ansvarlig, koordinator, evalueringsdato og samtykke.",
    on=frozenset({"CarePlan"}),
    check=check,
)
