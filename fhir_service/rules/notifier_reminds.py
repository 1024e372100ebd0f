"""4.8: the notifier reminds (purring): what is open becomes urgent, and the answer says how the case stands."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._addressed import case_number
from fhir_service.rules._answer import answer_of
from fhir_service.rules._case import business_status, cases, cases_of, children_of, requests_of
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import code_in, part, reference_to, references
from fhir_service.rules._feedback import feedback, feedback_to
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import urgency
from fhir_service.rules._times import parse
from fhir_service.rules._transitions import TERMINAL_TASK
from profiles import names
from profiles.code_systems import concept, display
from profiles.resource import Resource

SENT = ("in-progress", "completed")


def effects(change: Change) -> Iterable[Effect]:
    """`send-feedback` is chased, it and the case are urgent, and whoever reminds learns the status."""
    reminder = change.after
    if reminder is None or not _arrives(change, reminder):
        return
    found = _cases(change, reminder)
    if found and not reminder.get("about"):  # by message: it knows the need, not the case
        newest = found[-1]
        yield revise(change.standing, reminder, about=[reference_to(newest)], recipient=[newest["owner"]])
    for case in found:
        if case.get("status") not in TERMINAL_TASK:
            yield revise(change.standing, case, priority=urgency(case.get("priority")))
        for task in children_of(change.standing, case, "send-feedback"):
            chased = concept(names.FEEDBACK_STATUS, "chased")
            yield revise(change.standing, task, businessStatus=chased, priority=urgency(task.get("priority")))
        yield from _answered(change, case, references(reminder.get("basedOn")))


def _answered(change: Change, case: Resource, asked: list[str]) -> Iterator[Effect]:
    """Those who asked; everybody who notified where the reminder names none of their needs."""
    told = answer_of(change.standing, case, _standing(case))
    asking = [need for r in requests_of(case) if r in asked and (need := change.standing.get(r))]
    for need in asking:
        yield from feedback_to(change, case, need, told)
    if not asking:
        yield from feedback(change, case, told)


def _arrives(change: Change, reminder: Resource) -> bool:
    is_reminder = code_in(reminder.get("category"), names.FEEDBACK_CATEGORY) == "reminder"
    return is_reminder and reminder.get("status") in SENT and (change.before or {}).get("status") not in SENT


def _cases(change: Change, reminder: Resource) -> list[Resource]:
    """The cases that a reminder names: itself, by the need, or by what it answers."""
    answered = [told for r in references(reminder.get("inResponseTo")) if (told := change.standing.get(r))]
    about = {r for told in (reminder, *answered) for r in references(told.get("about"))}
    needs = {r for told in (reminder, *answered) for r in references(told.get("basedOn"))}
    by_need = {f"Task/{case['id']}" for need in needs for case in cases_of(change.standing, need)}
    return [case for case in cases(change.standing) if f"Task/{case['id']}" in about | by_need]


def _standing(case: Resource) -> str:
    code = business_status(case) or ""
    end = parse(part(case, "restriction", "period", "end"))
    until = f" Svarfristen er {end:%d.%m.%Y}." if end and case.get("status") not in TERMINAL_TASK else ""
    return f"Sak {case_number(case)}: {display(names.KE_BUSINESS_STATUS, code) or code}.{until}"


RULE = Rule(
    id="notifier-reminds",
    title="A reminder makes the case urgent and is answered",
    basis="forvaltningsloven § 11 a; workflow.md 4.8, 12 (scenario 8)",
    says="Når melderen purrer, blir saken prioritert, og melderen får vite hvordan den står.",
    on=frozenset({"Communication"}),
    effects=effects,
)
