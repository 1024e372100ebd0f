"""4.8: feedback that does not reach the notifier is flagged until it was told by hand or acknowledged after all."""

from collections.abc import Iterable

from fhir_service.rules._case import child_code
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import feedback_state
from fhir_service.rules._times import closed, instant
from fhir_service.rules._transitions import OPEN_CHILD
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import Flag, Period


def effects(change: Change) -> Iterable[Effect]:
    """One Flag for each Task `send-feedback`, up while it has failed."""
    task = change.after
    if task is None or kind_of(task) is not Kind.CHILD or child_code(task) != "send-feedback":
        return
    has_failed = feedback_state(task) == "failed" and task.get("status") in OPEN_CHILD
    now, rid = change.context.now, derived_id("feedback-failed", task["id"])
    known = change.standing.get(f"Flag/{rid}")
    if known is None and has_failed:
        flag: Flag = {
            "resourceType": "Flag",
            "id": rid,
            "status": "active",
            "code": concept(names.FLAG, "feedback-failed"),
            "subject": task.get("for"),
            "period": {"start": instant(now)},
        }
        yield from make(change.standing, flag)
    elif known is not None and (known.get("status") == "active") != has_failed:
        period: Period = {"start": instant(now)} if has_failed else closed(known.get("period"), now)
        yield revise(change.standing, known, status="active" if has_failed else "inactive", period=period)


RULE = Rule(
    id="feedback-failed",
    title="Feedback that fails is flagged",
    basis="forvaltningsloven § 27; workflow.md 4.8",
    says="Kommer tilbakemeldingen ikke fram, vises det til den er gitt på en annen måte.",
    on=frozenset({"Task"}),
    effects=effects,
)
