"""Records become one while others write plans for them: never two plans in force for a person (SR-12, SR-14)."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest
from tests.rest.persons import DATABASES, DUF, IMPORT, in_force, numbers, of, opened_on, person, replaced_by
from tests.unit.rules import world

ROUNDS = 25
_UNIQUE = count(300000000001)


@pytest.fixture(params=DATABASES)
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rest]:
    with opened_on(request.param, tmp_path) as client:
        yield client


def plan(patient: Resource) -> tuple[str, str, dict]:
    return "POST", "CarePlan", {"json": of(patient, world.plan()), "headers": IMPORT}


def put(resource: Resource, **elements: object) -> tuple[str, str, dict]:
    after = {**resource, **elements}
    return "PUT", f"{resource['resourceType']}/{resource['id']}", {"json": after, "headers": FHIR_JSON}


@pytest.mark.parametrize("by", ["link", "number"])
def test_whoever_comes_first_there_is_one_plan(rest: Rest, by: str) -> None:
    for _ in range(ROUNDS):
        number = (DUF, str(next(_UNIQUE)))
        old, new = person(rest), person(rest, number)
        joining = put(old, link=replaced_by(new)) if by == "link" else put(old, identifier=numbers(number))
        answers = rest.together([plan(old), joining, plan(new), plan(old), plan(new)])
        assert {a.status_code for a in answers} <= {200, 201, 409}, [a.text for a in answers]
        made = [a for a in answers if a.status_code == 201]
        joined = answers[1].status_code == 200
        assert len(made) == (1 if joined else 2)
        held = {p["id"] for patient in (old, new) for p in in_force(rest, patient)}
        assert held == {a.json()["id"] for a in made}
        if joined:
            again = rest.together([plan(old), plan(new)])
            assert {a.status_code for a in again} == {409}
