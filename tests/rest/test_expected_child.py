"""An expected child: the mother is the subject, with a coordinator beside her own, until birth (workflow.md 4.10)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests.rest.conftest import Rest, code, matches
from tests.rest.persons import DATABASES, FNR, brought, changed, now, of, opened_on, person, team_of
from tests.unit.rules import world

EXPECTED = concept(names.TASK_INPUT, "expected-child")


@pytest.fixture(params=DATABASES)
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rest]:
    with opened_on(request.param, tmp_path) as client:
        yield client


def case_of(rest: Rest, mother: Resource) -> tuple[Resource, Resource]:
    """The need and the case of the child that is expected."""
    need = of(mother, world.need())
    stored = rest.stored({k: v for k, v in need.items() if k != "meta"})
    (case,) = matches(rest.get(f"Task?focus=ServiceRequest/{stored['id']}"))
    told = changed(rest, case, input=[*case.get("input", []), {"type": EXPECTED, "valueBoolean": True}])
    assert told.status_code == 200, told.text
    return stored, told.json()


def team_for_the_child(rest: Rest, mother: Resource) -> Any:
    return brought(rest, of(mother, world.team(status="active"), reasonCode=[EXPECTED]))


def test_the_childs_coordinator_stands_beside_the_mothers_own(rest: Rest) -> None:
    """INV-02, decision 35"""
    mother = person(rest, (FNR, "15918512397"))
    team_of(rest, mother)
    assert team_for_the_child(rest, mother).status_code == 201
    answer = team_for_the_child(rest, mother)
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")
    answer = brought(rest, of(mother, world.team(status="active")))
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")


def test_at_birth_need_case_and_team_are_the_childs(rest: Rest) -> None:
    mother = person(rest, (FNR, "15918512397"))
    own = team_of(rest, mother)
    need, case = case_of(rest, mother)
    team = team_for_the_child(rest, mother).json()
    child = person(rest)
    to_child = {"reference": f"Patient/{child['id']}"}
    answer = changed(rest, case, {"x-knutepunkt-role": "ke"}, **{"for": to_child})
    assert answer.status_code == 200, answer.text
    assert now(rest, need)["subject"] == now(rest, team)["subject"] == now(rest, case)["for"] == to_child
    assert "reasonCode" not in now(rest, team)
    assert now(rest, own)["subject"] == {"reference": f"Patient/{mother['id']}"}
    answer = brought(rest, of(child, world.team(status="active")))
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")
    assert team_for_the_child(rest, mother).status_code == 201
    assert matches(rest.get(f"Communication?subject=Patient/{mother['id']}")) == []


def test_what_is_about_nobody_unborn_stays_whose_it_is(rest: Rest) -> None:
    mother, child = person(rest, (FNR, "15918512397")), person(rest)
    need = rest.stored({k: v for k, v in of(mother, world.need()).items() if k != "meta"})
    (case,) = matches(rest.get(f"Task?focus=ServiceRequest/{need['id']}"))
    answer = changed(rest, case, **{"for": {"reference": f"Patient/{child['id']}"}})
    assert (answer.status_code, code(answer)) == (422, "rule")


def test_a_child_with_a_coordinator_gets_no_second_one_at_birth(rest: Rest) -> None:
    mother, child = person(rest, (FNR, "15918512397")), person(rest)
    team_of(rest, child)
    _, case = case_of(rest, mother)
    team_for_the_child(rest, mother)
    answer = changed(rest, case, **{"for": {"reference": f"Patient/{child['id']}"}})
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")
    assert now(rest, case)["for"] == {"reference": f"Patient/{mother['id']}"}
