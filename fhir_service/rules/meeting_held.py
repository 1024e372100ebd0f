"""4.3: a meeting or a visit that was held completes the Task that asked for it."""

from collections.abc import Iterable

from fhir_service.rules._case import children
from fhir_service.rules._meetings import is_held, is_home_visit, meeting_kind
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import completed_with
from profiles.resource import Resource

FIRST = "samarbeidsmote"


def effects(change: Change) -> Iterable[Effect]:
    """`first-meeting` by a finished samarbeidsmote, `home-visit` by a finished Encounter of class HH."""
    held = change.after
    if held is None or not is_held(held):
        return
    for code in _asked_for(held):
        for task in children(change.standing, code):
            yield completed_with(change.standing, task, "encounter", held)


def _asked_for(held: Resource) -> Iterable[str]:
    if meeting_kind(held) == FIRST:
        yield "first-meeting"
    if is_home_visit(held):
        yield "home-visit"


RULE = Rule(
    id="meeting-held",
    title="A meeting that was held completes its Task",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.3, 5 IpMeeting",
    says="Når samarbeidsmøtet eller hjemmebesøket er holdt, er oppgaven utført. Et utskrivningsmøte er ikke nok.",
    on=frozenset({"Encounter"}),
    effects=effects,
)
