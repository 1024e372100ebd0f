"""C5a: a meeting that is to clarify the need is put down as an Appointment, for which a time is to be found."""

from collections.abc import Iterable

from fhir_service.rules._case import reaches
from fhir_service.rules._drafting import make
from fhir_service.rules._ids import derived_id
from fhir_service.rules._meetings import meeting_name
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource, stated

KIND = "avklaringsmote"


def effects(change: Change) -> Iterable[Effect]:
    """An Appointment with the person, who has not answered yet (an Organization is no actor of one in R4)."""
    case = change.after
    if case is None or not case.get("for") or not reaches(change, "clarification-meeting"):
        return
    meeting: Resource = {
        "resourceType": "Appointment",
        "id": derived_id("clarification", case["id"], instant(change.context.now)),
        "status": "proposed",
        "appointmentType": {
            **concept(names.MEETING_KIND, KIND),
            "text": meeting_name(KIND, change.context.settings),
        },
        "basedOn": [case["focus"]] if case.get("focus") else None,
        "created": instant(change.context.now),
        "participant": [{"actor": case["for"], "status": "needs-action"}],
    }
    yield from make(change.standing, stated(meeting))


RULE = Rule(
    id="clarification-planned",
    title="A clarification meeting is put down",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 4.2 C5a",
    says="Når det skal holdes avklaringsmøte, settes det opp en avtale som det skal finnes tid til.",
    on=frozenset({"Task"}),
    effects=effects,
)
