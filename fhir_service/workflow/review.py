"""A Task for a person at the koordinerende enhet where the service is unsure (ADR 0007, workflow.md 4.3)."""

from datetime import datetime, timedelta

from fhir_service.workflow.versions import instant
from profiles import names
from profiles.r4_types import Reference, Task

REVIEW_DAYS = 7
"""Decision 30."""
UNUSED = "En melding som tjenesten ikke kunne bruke uten at et menneske ser på den."


def manual_review(owner: Reference, now: datetime, *, focus: str, description: str = UNUSED) -> Task:
    """Task `manual-review` about `focus` (`Type/[id]`) for the KE `owner`, made at `now` (UTC)."""
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": names.KE_TASK_CODE, "code": "manual-review"}]},
        "description": description,
        "focus": {"reference": focus},
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "owner": owner,
        "restriction": {"period": {"end": instant(now + timedelta(days=REVIEW_DAYS))}},
    }
