"""C6, automatic: the last acknowledgement of the notifier closes the case (workflow.md 12, scenario 1)."""

from collections.abc import Iterable

from fhir_service.rules._case import business_status, open_cases
from fhir_service.rules._closing import not_closable
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import references, status
from fhir_service.rules._feedback import AWAITED, delivery_of, feedback_on, is_answer
from fhir_service.rules._model import Change, Effect, Rule, Standing
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource

ANSWERED = ("decided", "declined-by-person", "coordinator-appointed")


def effects(change: Change) -> Iterable[Effect]:
    """What the receiver acknowledged closes it, by whatever road; who tells it by hand closes the case, too."""
    told = change.after
    if told is None or not is_answer(told) or delivery_of(told) != "acknowledged":
        return
    about = references(told.get("about"))
    for case in open_cases(change.standing):
        if f"Task/{case['id']}" in about and _may_close(change.standing, case):
            closed = concept(names.KE_BUSINESS_STATUS, "closed")
            yield revise(change.standing, case, status="completed", businessStatus=closed)


def _may_close(standing: Standing, case: Resource) -> bool:
    if case.get("status") != "in-progress" or business_status(case) not in ANSWERED:
        return False
    awaited = feedback_on(standing, case, *AWAITED)
    return all(status(c) == "completed" for c in awaited) and not any(not_closable(standing, case))


RULE = Rule(
    id="case-answered",
    title="The last acknowledgement closes the case",
    basis="workflow.md 4.2 C6, 4.8",
    says="Når melderen har bekreftet svaret og koordinator er på plass, lukkes saken av seg selv.",
    on=frozenset({"Communication"}),
    effects=effects,
    order=60,
)
