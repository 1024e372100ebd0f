"""The notifier gets an answer, reminds, or the person complains, by plain REST (workflow.md 4.2 C6, 4.3, 4.8)."""

from fhir_service.demo.needs import by_number
from fhir_service.demo.walk import Case, concept, now
from profiles import names
from profiles.resource import Resource


def close_by_phone(case: Case) -> None:
    """KE phones the notifier, notes it, and closes the case."""
    for task in case.ke.find("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|send-feedback"):
        manual = concept(names.FEEDBACK_STATUS, "manual")
        case.ke.put(task, status="completed", businessStatus=manual, statusReason={"text": "Ringt og fortalt"})
    case.move("completed", "closed")


def remind(case: Case, notifier: str, number: tuple[str, str]) -> Resource:
    """The notifier, `Organization/[id]`, asks where the answer is; returns the Communication.

    `number`: by which (system, value) it knows the person, whose record here is not its to see.
    """
    hub = case.hub.acting("notifier", notifier)
    receipt = hub.one("Communication", based_on=case.task["focus"]["reference"])
    return hub.post(
        {
            "resourceType": "Communication",
            "status": "completed",
            "category": [concept(names.FEEDBACK_CATEGORY, "reminder")],
            "basedOn": [case.task["focus"]],
            "about": [{"reference": f"Task/{case.task['id']}"}],
            "inResponseTo": [{"reference": f"Communication/{receipt['id']}"}],
            "subject": by_number(number),
            "sent": now(),
            "sender": {"reference": notifier},
            "recipient": [{"reference": case.unit}],
            "payload": [{"contentString": "Vi venter på svar på meldingen vår."}],
        }
    )
