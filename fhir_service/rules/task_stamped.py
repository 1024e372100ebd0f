"""What cases and child Tasks have from the server: when they changed; where nobody said it, since when they are there,
by whose request, and the number of the case or the plan (workflow.md 5)."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import references, several
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import new_case_number
from fhir_service.rules._times import instant, parse
from profiles import names
from profiles.r4_types import Identifier
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """The Task with the time of this change."""
    task = change.after
    if task is None or kind_of(task) not in (Kind.CASE, Kind.CHILD):
        return
    now, authored = change.context.now, parse(task.get("authoredOn"))
    # A client's clock may be ahead of ours, and lastModified is never before authoredOn (R4, inv-1 of Task).
    modified = task["authoredOn"] if authored and authored > now else instant(now)
    yield revise(change.standing, task, lastModified=modified, **_unsaid(change, task))


def _unsaid(change: Change, task: Resource) -> Resource:
    """What a client left out and the case, or the Task itself, tells."""
    case = case_behind(change.standing, task) or {}
    told = {
        "authoredOn": instant(change.context.now),
        "requester": case.get("owner") or task.get("owner"),
        "groupIdentifier": case.get("groupIdentifier") or _number(change, task),
    }
    return {name: value for name, value in told.items() if value and not task.get(name)}


def _number(change: Change, task: Resource) -> Identifier:
    """That of the plan; what stands alone, as a case that the koordinerende enhet opens itself, has its own (C1)."""
    plans = (change.standing.get(r) for r in references([*several(task.get("basedOn")), task.get("focus")]))
    for plan in plans:
        for number in several((plan or {}).get("identifier")):
            if number.get("system") == names.PLAN_NUMBER:
                return {"system": names.PLAN_NUMBER, "value": number.get("value")}
    return new_case_number(derived_id("case-number", task["id"]), change.context)


RULE = Rule(
    id="task-stamped",
    title="The server says when a Task was changed",
    basis="pasientjournalforskriften § 14; workflow.md 5 KeCaseTask",
    says="Tjenesten fører selv når en oppgave sist ble endret.",
    on=frozenset({"Task"}),
    effects=effects,
)
