"""The standard set: what a database holds when it is measured, the same for every size.

For each patient 30 CarePlans (65 % active), 8 Tasks, 1 CareTeam: 40 resources. One of 50 categories is on 2 % of them.
Ids are known beforehand: `p-7`, `cp-7`, `t-7`, `ct-7`.
"""

import json
from collections.abc import Iterator

PLANS, TASKS = 30, 8
OF_ONE = 2 + PLANS + TASKS
NUMBERS = "urn:oid:2.16.578.1.12.4.1.4.3"
"""System of the patients' numbers; no national ones are needed here."""


def patients_in(resources: int) -> int:
    """How many patients a set of that size has."""
    return max(1, resources // OF_ONE)


def requests(resources: int) -> list[Iterator[tuple[str, str, bytes]]]:
    """(method, path, body) of the whole set, in parts: what a part refers to is in those before it."""
    count = patients_in(resources)
    parts = (
        iter((organization(),)),
        (patient(n) for n in range(count)),
        (care_team(n) for n in range(count)),
        (care_plan(n) for n in range(count * PLANS)),
        (task(n) for n in range(count * TASKS)),
    )
    return [_puts(part) for part in parts]


def _puts(resources: Iterator[dict]) -> Iterator[tuple[str, str, bytes]]:
    return (("PUT", f"/fhir/{r['resourceType']}/{r['id']}", json.dumps(r).encode()) for r in resources)


def organization() -> dict:
    return {"resourceType": "Organization", "id": "bench-ke", "name": "Koordinerende enhet"}


def patient(number: int) -> dict:
    return {
        "resourceType": "Patient",
        "id": f"p-{number}",
        "identifier": [{"system": NUMBERS, "value": f"N{number}"}],
        "name": [{"family": f"Nordmann{number % 1000}", "given": ["Kari"]}],
        "gender": "female",
        "birthDate": f"{1940 + number % 70}-0{1 + number % 9}-1{number % 10}",
    }


def care_team(number: int) -> dict:
    return {
        "resourceType": "CareTeam",
        "id": f"ct-{number}",
        "status": "active",
        "subject": {"reference": f"Patient/p-{number}"},
        "participant": [{"member": {"reference": "Organization/bench-ke"}}],
    }


def care_plan(number: int) -> dict:
    """An ordinary CarePlan (not an IP plan) of about 2.5 KB."""
    activity = {
        "detail": {
            "kind": "ServiceRequest",
            "status": "scheduled",
            "description": "Opptrening med fysioterapeut, hjemme og i gruppe, med egentrening mellom øktene. " * 2,
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "229065009", "display": "Exercise"}]},
            "scheduledString": "tre ganger i uken",
        }
    }
    return {
        "resourceType": "CarePlan",
        "id": f"cp-{number}",
        "status": "active" if number % 20 < 13 else "completed",
        "intent": "plan",
        "category": [{"coding": [{"system": "urn:bench", "code": f"c{number % 50}"}]}],
        "title": f"Plan {number}",
        "description": "Mål og tiltak for opptrening etter skade. " * 8,
        "subject": {"reference": f"Patient/p-{number // PLANS}"},
        "careTeam": [{"reference": f"CareTeam/ct-{number // PLANS}"}],
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "created": "2026-01-01T08:00:00+01:00",
        "activity": [activity] * 4,
    }


def task(number: int) -> dict:
    return {
        "resourceType": "Task",
        "id": f"t-{number}",
        "status": "requested" if number % 20 < 13 else "completed",
        "intent": "order",
        "code": {"coding": [{"system": "urn:bench", "code": f"k{number % 20}"}]},
        "focus": {"reference": f"CarePlan/cp-{number // TASKS * PLANS}"},
        "for": {"reference": f"Patient/p-{number // TASKS}"},
        "owner": {"reference": "Organization/bench-ke"},
        "authoredOn": "2026-01-01T08:00:00+01:00",
    }
