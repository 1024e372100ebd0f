"""A plan for a person who has one in force: not a lost line, but work for the koordinerende enhet (workflow.md 4.3).

The plan goes, byte for byte as JSON, into a Task `resolve-duplicate`; the KE decides which of the two goes on, ends the
other, and puts in by hand what it needs of this one.
"""

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fhir_service.cli.endpoint import FHIR_JSON, Endpoint
from fhir_service.cli.importing.delivery import HEADERS, decoded, encoded
from fhir_service.rules import derived_id
from profiles import names
from profiles.code_systems import coding, concept
from profiles.resource import Resource, stated

DAYS = 7
"""The default deadline of the Task (workflow.md 4.3)."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_IN_FORCE = "draft,active,on-hold"


async def keep(endpoint: Endpoint, plan: Resource, digest: str, now: datetime) -> Resource | None:
    """Make the Task, or find it made; None, or the OperationOutcome that says why it cannot be."""
    existing = await _in_force(endpoint, plan)
    if existing is None:
        text = "The plan in force that it collides with was not found by its subject; nothing was written"
        return _outcome(text)
    task = task_for(plan, existing, digest, now)
    path = f"Task/{task['id']}"
    if (await endpoint.ask("GET", path)).status_code == 200:
        return None
    answer = await endpoint.ask("PUT", path, encoded(task), HEADERS)
    return None if answer.is_success else decoded(answer.content) or _outcome(f"HTTP {answer.status_code}")


def task_for(plan: Resource, existing: Resource, digest: str, now: datetime) -> Resource:
    """The Task that asks the KE to make one plan out of two. The same plan always gives the same Task."""
    standing = {"reference": f"CarePlan/{existing['id']}"}
    instant = now.isoformat(timespec="seconds")
    brought: Resource = {
        "contentType": FHIR_JSON,
        "data": base64.b64encode(encoded(plan)).decode("ascii"),
        "title": "CarePlan that was brought by an import",
    }
    task: Resource = {
        "resourceType": "Task",
        "id": derived_id("Task", "resolve-duplicate", existing["id"], digest),
        "basedOn": [standing],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": {
            "coding": [
                coding(names.KE_TASK_CODE, "resolve-duplicate"),
                {"system": names.TASK_CODE, "code": "fulfill"},
            ]
        },
        "description": "An import brought a second individual plan for this person; it is in input possible-duplicate.",
        "focus": standing,
        "for": existing.get("subject"),
        "authoredOn": instant,
        "lastModified": instant,
        "owner": _owner(existing) or _owner(plan) or {"display": "Koordinerende enhet"},
        "restriction": {"period": {"end": (now + timedelta(days=DAYS)).isoformat(timespec="seconds")}},
        "input": [
            {"type": concept(names.TASK_INPUT, "current-plan"), "valueReference": standing},
            {"type": concept(names.TASK_INPUT, "possible-duplicate"), "valueAttachment": brought},
        ],
    }
    return stated(task)


def _owner(plan: Resource) -> Resource | None:
    """The municipality that answers for a plan."""
    told = (e for e in plan.get("extension") or () if e.get("url") == names.IP_MANAGING_MUNICIPALITY)
    return next((e["valueReference"] for e in told if "valueReference" in e), None)


async def _in_force(endpoint: Endpoint, plan: Resource) -> Resource | None:
    """The individual plan in force of the person: under this Patient, or another record of the same person."""
    subject = str((plan.get("subject") or {}).get("reference"))
    if not subject.startswith("Patient/"):
        return None
    found = await _plans(endpoint, [subject])
    return found or await _plans(endpoint, await _same_person(endpoint, subject))


async def _plans(endpoint: Endpoint, subjects: list[str]) -> Resource | None:
    if not subjects:
        return None
    category = f"{names.PLAN_CATEGORY}|individuell-plan"
    told = {"subject": ",".join(subjects), "category": category, "status": _IN_FORCE}
    return next(iter(await _search(endpoint, "CarePlan", told)), None)


async def _same_person(endpoint: Endpoint, patient: str) -> list[str]:
    """The Patients with a national number of this one."""
    answer = await endpoint.ask("GET", patient)
    identifiers: Iterable[Any] = decoded(answer.content).get("identifier") or ()
    numbers = [f"{i['system']}|{i['value']}" for i in identifiers if i.get("system") in names.PERSON_SYSTEMS]
    found = await _search(endpoint, "Patient", {"identifier": ",".join(numbers)}) if numbers else []
    return [f"Patient/{one['id']}" for one in found]


async def _search(endpoint: Endpoint, rtype: str, params: dict[str, str]) -> list[Resource]:
    answer = await endpoint.ask("POST", f"{rtype}/_search", urlencode(params).encode(), _FORM)
    return [entry["resource"] for entry in decoded(answer.content).get("entry") or () if "resource" in entry]


def _outcome(text: str) -> Resource:
    details = {"coding": [{"system": names.IP_ERROR, "code": "duplicate-plan"}], "text": text}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "conflict", "details": details}],
    }
