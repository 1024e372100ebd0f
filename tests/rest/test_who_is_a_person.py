"""A person is the number, not the Patient: it is added, changed, withdrawn and shared (SR-14, decisions 27 and 35)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rest.conftest import Rest, code
from tests.rest.persons import DNR, DUF, FHN, FNR, changed, numbers, opened, person, plan_of, planned, tasks

N1, N2, N3 = "15918512397", "01911560042", "15821470134"
D1, H1 = "55918512380", "81234567802"


@pytest.fixture
def rest(tmp_path: Path) -> Iterator[Rest]:
    with opened(tmp_path) as client:
        yield client


@pytest.mark.parametrize(
    "kind",
    [(FNR, N1), (DNR, D1), (FHN, H1), (DUF, "201012345678"), (FNR.removeprefix("urn:oid:"), N1), (FNR, "159185 12397")],
)
def test_two_records_with_one_number_are_one_person(rest: Rest, kind: tuple[str, str]) -> None:
    plan_of(rest, person(rest, (kind[0], kind[1])))
    spelled = (kind[0] if kind[0].startswith("urn:") else f"urn:oid:{kind[0]}", kind[1].replace(" ", ""))
    assert code(planned(rest, person(rest, spelled))) == "duplicate-plan"


def test_a_person_without_any_number_has_one_plan(rest: Rest) -> None:
    nobody = person(rest)
    plan_of(rest, nobody)
    assert code(planned(rest, nobody)) == "duplicate-plan"
    plan_of(rest, person(rest))


def test_a_number_that_comes_later_is_the_same_persons(rest: Rest) -> None:
    """4.10: help number first, then the national one; both go on naming the person."""
    unknown = person(rest, (FHN, H1))
    plan_of(rest, unknown)
    assert changed(rest, unknown, identifier=numbers((FHN, H1), (FNR, N1))).status_code == 200
    for number in ((FHN, H1), (FNR, N1)):
        assert code(planned(rest, person(rest, number))) == "duplicate-plan"


def test_a_number_that_is_changed_stays_the_persons(rest: Rest) -> None:
    known = person(rest, (DNR, D1))
    plan_of(rest, known)
    former = [{**numbers((DNR, D1))[0], "use": "old", "period": {"end": "2026-11-01"}}, *numbers((FNR, N1))]
    assert changed(rest, known, identifier=former).status_code == 200
    for number in ((DNR, D1), (FNR, N1)):
        assert code(planned(rest, person(rest, number))) == "duplicate-plan"


@pytest.mark.parametrize("left", [[], [(FNR, N2)]])
def test_a_number_that_is_withdrawn_stays_the_persons(rest: Rest, left: list[tuple[str, str]]) -> None:
    known = person(rest, (FNR, N1))
    plan_of(rest, known)
    assert changed(rest, known, identifier=numbers(*left) or None).status_code == 200
    other = person(rest, (FNR, N1))
    assert code(planned(rest, other)) == "duplicate-plan"
    assert code(planned(rest, known)) == "duplicate-plan"


def test_a_number_that_moves_to_another_record_takes_it_along(rest: Rest) -> None:
    known, nobody = person(rest, (FNR, N1)), person(rest)
    plan_of(rest, known)
    assert changed(rest, known, identifier=None).status_code == 200
    assert changed(rest, nobody, identifier=numbers((FNR, N1))).status_code == 200
    assert code(planned(rest, nobody)) == "duplicate-plan"


def test_a_record_without_number_brings_what_it_has_to_whose_number_it_gets(rest: Rest) -> None:
    known, nobody = person(rest, (FNR, N1)), person(rest)
    plan_of(rest, nobody)
    assert changed(rest, nobody, identifier=numbers((FNR, N1))).status_code == 200
    assert code(planned(rest, known)) == "duplicate-plan"


def test_a_record_with_a_plan_does_not_become_a_person_who_has_one(rest: Rest) -> None:
    known, nobody = person(rest, (FNR, N1)), person(rest)
    plan_of(rest, known)
    plan_of(rest, nobody)
    answer = changed(rest, nobody, identifier=numbers((FNR, N1)))
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert code(planned(rest, nobody)) == "duplicate-plan"


@pytest.mark.parametrize("stated", [[(FNR, N1), (FNR, N2)], [(FNR, N1)], [(FHN, H1), (FNR, N1)]])
def test_one_record_cannot_say_two_numbered_persons_to_be_one(rest: Rest, stated: list[tuple[str, str]]) -> None:
    """409 (workflow.md 8): the candidates go to KE and not to the caller."""
    first, second = person(rest, (FNR, N1)), person(rest, (FNR, N2), (FHN, H1))
    answer = changed(rest, second, identifier=numbers(*stated))
    assert (answer.status_code, code(answer)) == (409, "identity-ambiguous")
    assert first["id"] not in answer.text
    assert N1 not in answer.text
    (task,) = tasks(rest, "manual-review")
    about = {task["for"]["reference"], *(i["valueReference"]["reference"] for i in task["input"])}
    assert about == {f"Patient/{first['id']}", f"Patient/{second['id']}"}
    changed(rest, second, identifier=numbers(*stated))
    assert len(tasks(rest, "manual-review")) == 1
    plan_of(rest, first)
    plan_of(rest, second)


def test_a_new_record_cannot_say_two_persons_to_be_one(rest: Rest) -> None:
    person(rest, (FNR, N1))
    person(rest, (FNR, N2))
    answer = rest.post({"resourceType": "Patient", "identifier": numbers((FNR, N1), (FNR, N2))})
    assert (answer.status_code, code(answer)) == (409, "identity-ambiguous")
    assert len(tasks(rest, "manual-review")) == 1


def test_a_record_that_lost_its_number_does_not_become_somebody_else(rest: Rest) -> None:
    """The number it had is still the person's: two persons would be one."""
    known = person(rest, (FNR, N1))
    person(rest, (FNR, N2))
    assert changed(rest, known, identifier=None).status_code == 200
    assert code(changed(rest, known, identifier=numbers((FNR, N2)))) == "identity-ambiguous"
