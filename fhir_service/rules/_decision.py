"""What a decision must hold, as data and as guards (workflow.md 4.4)."""

from collections.abc import Iterator, Mapping

from fhir_service.rules._case import CHILD_DECISION, DECISIONS, decided, grants_coordinator, outputs
from fhir_service.rules._elements import code_in, is_stated
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

VALUES = frozenset({"granted", "refused", "declined-by-person", "already-has", "withdrawn"})
CODED: Mapping[str, frozenset[str]] = {
    "decision-coordinator": VALUES,
    "decision-plan": VALUES,
    CHILD_DECISION: VALUES | {"not-applicable"},
}
REQUIRED: Mapping[str, str] = {
    "decision-coordinator": "valueCodeableConcept",
    "decision-plan": "valueCodeableConcept",
    "decision-date": "valueDateTime",
    "decision-maker": "valueReference",
}
"""Outputs that a decision has exactly once, and the value[x] of each."""
RIGHTS = frozenset({"coordinator", "child-coordinator"})
HAS_COORDINATOR = frozenset({"granted", "already-has"})


def wrong_with(case: Resource) -> Iterator[Issue]:
    """Everything that keeps the outputs of a case from being a decision."""
    yield from _missing(case)
    yield from _wrong_codes(case)
    yield from _unfounded(case)


def chosen_right(case: Resource) -> str | None:
    """Which of the two coordinators the person wants, where both are granted."""
    for output in outputs(case, "chosen-right"):
        code = output.get("valueCode") or code_in(output.get("valueCodeableConcept"), names.DECISION, names.TEAM_ROLE)
        return code if code in RIGHTS else None
    return None


def _missing(case: Resource) -> Iterator[Issue]:
    for kind, value in REQUIRED.items():
        found = outputs(case, kind)
        if len(found) != 1 or not found[0].get(value):
            yield error("rule", "Task.output", f"A decision has one output of type {kind} with {value}")
    if len(outputs(case, "decision-letter")) > 1:
        yield error("rule", "Task.output", "A decision has one output of type decision-letter")


def _wrong_codes(case: Resource) -> Iterator[Issue]:
    for kind, allowed in CODED.items():
        if outputs(case, kind) and decided(case, kind) not in allowed:
            yield error("rule", "Task.output", f"The value of {kind} is one of {', '.join(sorted(allowed))} (decision)")


def _unfounded(case: Resource) -> Iterator[Issue]:
    if any(decided(case, kind) == "refused" for kind in CODED) and not _has_reason(case):
        yield error("rule", "Task.output", "A refusal has an output of type decision-reason, coded or as text")
    both = decided(case, DECISIONS[0]) == "granted" and decided(case, CHILD_DECISION) == "granted"
    if both and chosen_right(case) is None:
        text = "Coordinator and child coordinator are both granted: chosen-right says which one the family wants"
        yield error("rule", "Task.output", text)
    if decided(case, "decision-plan") == "granted" and not _will_have_coordinator(case):
        yield error("rule", "Task.output", "A plan is not granted without a coordinator: somebody has to run it")


def _has_reason(case: Resource) -> bool:
    return any(
        is_stated(o.get("valueCodeableConcept")) or o.get("valueString") for o in outputs(case, "decision-reason")
    )


def _will_have_coordinator(case: Resource) -> bool:
    return grants_coordinator(case) or any(
        decided(case, kind) in HAS_COORDINATOR for kind in (DECISIONS[0], CHILD_DECISION)
    )
