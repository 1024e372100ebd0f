"""A Task for a person at the koordinerende enhet where the service is unsure (ADR 0007, workflow.md 4.3)."""

from datetime import datetime, timedelta

from fhir_service.workflow.versions import instant
from profiles import names
from profiles.r4_types import Task
from profiles.routing import Inbox

REVIEW_DAYS = 7
"""Decision 30."""


def manual_review(focus: str, inbox: Inbox, now: datetime) -> Task:
    """Task `manual-review` about `focus` (`Binary/[id]`), owned by the KE behind `inbox`, made at `now` (UTC)."""
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": names.KE_TASK_CODE, "code": "manual-review"}]},
        "description": "En melding som tjenesten ikke kunne bruke uten at et menneske ser på den.",
        "focus": {"reference": focus},
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "owner": {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name},
        "restriction": {"period": {"end": instant(now + timedelta(days=REVIEW_DAYS))}},
    }
