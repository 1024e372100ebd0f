"""INV-03: a plan comes into force with everything that the law makes mandatory (P2, P5)."""

from collections.abc import Iterable

from fhir_service.rules._completeness import MANDATORY, Looked, gaps
from fhir_service.rules._elements import extension, several
from fhir_service.rules._kinds import Kind, enters, is_imported
from fhir_service.rules._model import Change, Rule
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """One issue for each mandatory slot that is empty, with its path; where none is, for each measure of no sector."""
    plan = change.after
    if plan is None or not enters(change, Kind.PLAN, "active") or is_imported(plan):
        return
    found = tuple(gaps(Looked(plan, change.standing, change.context), MANDATORY))
    for gap in found:
        yield error("incomplete-plan", gap.path, f"{gap.slot}: a plan in force needs {gap.text}")
    if not found:
        yield from _without_sector(plan)


def _without_sector(plan: Resource) -> Iterable[Issue]:
    """What nobody's sector is told of would be seen by KE, coordinator and person only (workflow.md 4.7, 5)."""
    for place, activity in enumerate(several(plan.get("activity"))):
        if extension(activity, names.IP_SECTOR) is None:
            text = f"A measure of a plan in force has its sector: extension {names.IP_SECTOR}"
            yield error("profile-required", f"CarePlan.activity[{place}].extension", text)


RULE = Rule(
    id="plan-complete",
    title="A plan in force is complete",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 3 INV-03, 6.2",
    says="Planen kan tas i bruk når den har mål, tiltak med ansvarlig, koordinator, evalueringsdato og samtykke.",
    on=frozenset({"CarePlan"}),
    check=check,
)
