"""7.4: two notices that came together in one case, and are about two needs after all, are split by KE."""

from collections.abc import Iterable

from fhir_service.rules._case import inputs, open_cases
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from profiles.issues import Issue, error

JOINED = "possible-duplicate"


def check(change: Change) -> Iterable[Issue]:
    """One open case for a need: a second one is made when the first has ended (`reopens`)."""
    case = change.after
    if case is None or not _is_new(change):
        return
    need = reference(case.get("focus"))
    if any(reference(o.get("focus")) == need and o["id"] != case["id"] for o in open_cases(change.standing)):
        yield error("rule", "Task.focus", "This need notification has a case that is open: go on with that one")


def effects(change: Change) -> Iterable[Effect]:
    """A need that gets a case of its own is no longer part of another one that is open."""
    case = change.after
    if case is None or not _is_new(change):
        return
    need = reference(case.get("focus"))
    for other in open_cases(change.standing):
        joined = [i for i in inputs(other, JOINED) if reference(i.get("valueReference")) == need]
        if joined and other["id"] != case["id"]:
            left = [i for i in several(other.get("input")) if i not in joined]
            yield revise(change.standing, other, input=left or None)


def _is_new(change: Change) -> bool:
    return change.before is None and kind_of(change.after) is Kind.CASE


RULE = Rule(
    id="case-split",
    title="Two needs in one case get a case each",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 7.4",
    says="Gjelder to meldinger likevel ulike behov, får den siste sin egen sak og svares på der.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
