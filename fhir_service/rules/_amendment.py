"""What KE is told when the notifier adds to or changes an open case: a Communication `amendment` (S2, 7.4)."""

from collections.abc import Iterator

from fhir_service.rules._drafting import make
from fhir_service.rules._elements import reference_to
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Draft
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import Communication
from profiles.resource import Resource


def amendment(change: Change, need: Resource, case: Resource, text: str) -> Iterator[Draft]:
    """The Communication from the notifier to the owner of the case."""
    now = instant(change.context.now)
    told: Communication = {
        "resourceType": "Communication",
        "id": derived_id("amendment", case["id"], need["id"], now),
        "basedOn": [reference_to(need)],
        "status": "completed",
        "category": [concept(names.FEEDBACK_CATEGORY, "amendment")],
        "subject": case.get("for"),
        "about": [reference_to(case)],
        "sent": now,
        "received": now,
        "recipient": [case["owner"]] if case.get("owner") else None,
        "sender": need.get("requester"),
        "payload": [{"contentString": text}],
    }
    yield from make(change.standing, told)
