"""How long the checker takes for a CarePlan of 3 KB, beside fhir.resources R4B in the same run.

    python benchmarks/checker.py

Both get the decoded JSON; A and B alternate, five repetitions, the median is told (stack.md 9).
"""

import statistics
import timeit
from collections.abc import Callable
from typing import Any

import msgspec
from fhir.resources.R4B.careplan import CarePlan

from profiles.validate import check

REPETITIONS = 5


def plan() -> dict[str, Any]:
    """An individual plan of ordinary size: eight activities with detail."""
    activity = {
        "detail": {
            "kind": "ServiceRequest",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91251008"}], "text": "Fysioterapi"},
            "status": "in-progress",
            "scheduledPeriod": {"start": "2026-03-01", "end": "2026-09-01"},
            "performer": [{"reference": "Organization/fysio-1", "display": "Fysioterapeut"}],
            "description": "Trening av gange to ganger i uken",
        }
    }
    return {
        "resourceType": "CarePlan",
        "id": "ip-1",
        "meta": {"versionId": "3", "lastUpdated": "2026-03-01T10:00:00.000Z"},
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Individuell plan for rehabilitering</div>',
        },
        "identifier": [{"system": "https://knutepunkt.no/fhir/NamingSystem/plan-number", "value": "2026-17"}],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": "https://knutepunkt.no/fhir/CodeSystem/plan-category", "code": "ip"}]}],
        "title": "Individuell plan",
        "subject": {"reference": "Patient/p-1"},
        "period": {"start": "2026-03-01"},
        "created": "2026-03-01",
        "author": {"reference": "PractitionerRole/coordinator-1"},
        "careTeam": [{"reference": "CareTeam/team-1"}],
        "addresses": [{"reference": "Condition/c-1"}],
        "goal": [{"reference": "Goal/g-1"}, {"reference": "Goal/g-2"}],
        "activity": [activity] * 7,
    }


def main() -> None:
    """Measure and print."""
    resource = msgspec.json.decode(msgspec.json.encode(plan()))
    assert check(resource) == ()
    ours, theirs = [], []
    for _ in range(REPETITIONS):
        ours.append(microseconds(lambda: check(resource), 2000))
        theirs.append(microseconds(lambda: CarePlan.model_validate(resource), 100))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"CarePlan of {len(msgspec.json.encode(resource))} bytes, median of {REPETITIONS}")
    print(f"profiles.validate.check   {mine:8.1f} us   (least {min(ours):.1f})")
    print(f"fhir.resources R4B        {other:8.1f} us   ratio {other / mine:.1f}")


def microseconds(call: Callable[[], object], times: int) -> float:
    """The time of one call."""
    return timeit.timeit(call, number=times) / times * 1e6


if __name__ == "__main__":
    main()
