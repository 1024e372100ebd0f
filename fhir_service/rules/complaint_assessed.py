"""4.3: a complaint is assessed anew; one that is upheld opens a case that reopens the old one."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import case_behind, child_code
from fhir_service.rules._drafting import make, with_input
from fhir_service.rules._elements import code_in, reference_to, several
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._times import due, instant
from profiles import names
from profiles.code_systems import codes, concept
from profiles.issues import Issue, error
from profiles.r4_types import Identifier, Task
from profiles.resource import Resource, stated

OUTCOME = "complaint-outcome"


def check(change: Change) -> Iterable[Issue]:
    """A complaint is completed with one outcome."""
    if _is_assessed(change) and _outcome(change.after or {}) not in codes(names.COMPLAINT_OUTCOME):
        text = (
            f"A Task complaint is completed with one output of type {OUTCOME} with valueCodeableConcept one of "
            f"{', '.join(sorted(codes(names.COMPLAINT_OUTCOME)))} ({names.COMPLAINT_OUTCOME})"
        )
        yield error("rule", "Task.output", text)


def effects(change: Change) -> Iterable[Effect]:
    """Upheld: a new case with a clock of its own; the old one stays at its end."""
    task = change.after
    if task is None or not _is_assessed(change) or _outcome(task) != "upheld":
        return
    case = case_behind(change.standing, task)
    if case is not None:
        yield from _reopened(change, task, case)


def _is_assessed(change: Change) -> bool:
    return enters(change, Kind.CHILD, "completed") and child_code(change.after or {}) == "complaint"


def _outcome(task: Resource) -> str | None:
    found = [
        c for o in several(task.get("output")) if (c := code_in(o.get("valueCodeableConcept"), names.COMPLAINT_OUTCOME))
    ]
    return found[0] if len(found) == 1 else None


def _reopened(change: Change, complaint: Resource, case: Resource) -> Iterator[Draft]:
    now = change.context.now
    number: Identifier = case.get("groupIdentifier") or {}
    again: Task = {
        "resourceType": "Task",
        "id": derived_id("reopened", case["id"], complaint["id"]),
        "basedOn": [case["focus"]] if case.get("focus") else None,
        "groupIdentifier": {**number, "value": f"{number.get('value', case['id'])}-K"},
        "status": "requested",
        "businessStatus": concept(names.KE_BUSINESS_STATUS, "new"),
        "intent": "order",
        "priority": case.get("priority"),
        "code": case["code"],
        "focus": case.get("focus"),
        "for": case.get("for"),
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "requester": complaint.get("requester") or case.get("requester"),
        "owner": case.get("owner"),
        "restriction": {"period": {"end": due(now, change.context.settings.answer_days)}},
        "input": with_input({}, "reopens", {"valueReference": reference_to(case)}),
    }
    yield from make(change.standing, stated(again))


RULE = Rule(
    id="complaint-assessed",
    title="A complaint has an outcome, and one that is upheld a new case",
    basis="pasient- og brukerrettighetsloven § 7-2; forvaltningsloven § 33; workflow.md 4.2, 4.3 (complaint)",
    says="En klage vurderes på nytt og får et utfall; får personen medhold, åpnes en ny sak.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
