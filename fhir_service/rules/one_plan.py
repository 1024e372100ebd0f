"""INV-01: one individual plan in force per person, whoever made it and wherever."""

from collections.abc import Iterable

from fhir_service.rules._elements import first_by_id
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._transitions import IN_FORCE
from profiles.issues import Issue, error
from profiles.resource import Resource


def in_force(plan: Resource | None) -> bool:
    """Whether a resource is an individual plan that counts."""
    return kind_of(plan) is Kind.PLAN and (plan or {}).get("status") in IN_FORCE


def check(change: Change) -> Iterable[Issue]:
    """Refuses a second plan in the end state of the transaction (so that P8, replace, works).

    A Patient that turns out to be another person's may bring a second plan, too (4.10).
    """
    after = change.after
    if after is None or not (in_force(after) or after["resourceType"] == "Patient"):
        return
    plans = first_by_id(p for p in change.standing.of("CarePlan") if in_force(p))
    if len(plans) > 1:
        # Which plan it is the workflow adds for those who may know of it (SR-29).
        text = (
            "The person already has an individual plan in force: there is one plan per person. "
            "Ask the koordinerende enhet to be let into it, or end it first (status completed or revoked)"
        )
        yield error("duplicate-plan", after["resourceType"], text)


RULE = Rule(
    id="one-plan",
    title="One individual plan per person",
    basis="helse- og omsorgstjenesteloven § 7-1; forskrift om individuell plan; workflow.md 3 INV-01",
    says="En person skal bare ha én individuell plan om gangen, på tvers av kommuner og sektorer.",
    on=frozenset({"CarePlan", "Patient"}),
    check=check,
    order=10,
)
