"""Patient/$match: certain by the number, probable by birth date and name, and only what the caller may see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import FHIR_JSON, Rest, code
from tests.rest.operating import called, parameter, valid
from tests.rest.persons import DNR, FNR, changed, numbers, opened, person, replaced_by

N1, N2 = "15918512397", "01911560042"
ASE = {
    "name": [{"family": "Sørbråten", "given": ["Åse", "Marie"]}],
    "birthDate": "1985-11-15",
    "gender": "female",
    "telecom": [{"system": "phone", "value": "+47 998 87 766"}],
    "address": [{"line": ["Gate 1"], "postalCode": "7011", "city": "Trondheim"}],
}


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    folder: Path = tmp_path_factory.mktemp("match")
    with opened(folder) as client:
        yield client


@pytest.fixture(scope="module")
def ase(rest: Rest) -> Resource:
    person(rest, (FNR, N2), name=[{"family": "Vik", "given": ["Ane"]}], birthDate="1985-11-15")
    return person(rest, (FNR, N1), **ASE)


def match(rest: Rest, *more: Resource, **elements: Any) -> httpx.Response:
    wanted = {"resourceType": "Patient", **elements}
    return called(rest, "Patient/$match", parameter("resource", resource=wanted), *more)


def told(answer: httpx.Response) -> list[tuple[str, str, float]]:
    """(id, grade, score) of each entry."""
    entries = valid(answer).get("entry", ())
    return [(e["resource"]["id"], e["search"]["extension"][0]["valueCode"], e["search"]["score"]) for e in entries]


@pytest.mark.parametrize(
    ("grade", "elements"),
    [
        ("certain", {"identifier": numbers((FNR, N1))}),
        ("certain", {"identifier": numbers((FNR.removeprefix("urn:oid:"), "159185 12397")), "birthDate": "1900-01-01"}),
        ("probable", {"name": ASE["name"], "birthDate": "1985-11-15"}),
        ("probable", {"name": [{"text": "sorbraten marie aase"}], "birthDate": "1985-11-15"}),
        ("probable", {"name": [{"family": "SOERBRAATEN", "given": ["Aase", "Marie"]}], "birthDate": "1985-11-15"}),
        ("probable", {"name": [{"family": "Sørbråten", "given": ["Åse"]}], "birthDate": "1985-11-15"}),
        ("possible", {"name": ASE["name"], "birthDate": "1985-11-15", "gender": "male"}),
        ("possible", {"name": ASE["name"], "telecom": [{"system": "phone", "value": "+47 998 87 766"}]}),
        ("possible", {"name": ASE["name"], "address": ASE["address"]}),
    ],
)
def test_what_is_known_tells_how_likely_it_is(rest: Rest, ase: Resource, grade: str, elements: Any) -> None:
    ((rid, said, score),) = told(match(rest, **elements))
    assert (rid, said) == (ase["id"], grade)
    assert 0 < score <= 1


@pytest.mark.parametrize(
    "elements",
    [
        {"identifier": numbers((FNR, "15821470134")), "name": ASE["name"], "birthDate": "1985-11-15"},
        {"name": ASE["name"], "birthDate": "1985-11-16"},
        {"name": [{"family": "Sørbråten", "given": ["Kari"]}], "birthDate": "1985-11-15"},
        {"name": [{"family": "Sørbråten"}], "birthDate": "1985-11-15"},
        {"identifier": numbers((DNR, "55918512380"))},
    ],
)
@pytest.mark.usefixtures("ase")
def test_somebody_else_is_nobody_here(rest: Rest, elements: Any) -> None:
    assert told(match(rest, **elements)) == []


def test_more_that_agrees_scores_higher(rest: Rest, ase: Resource) -> None:
    little = told(match(rest, name=ASE["name"], birthDate="1985-11-15"))[0][2]
    much = told(match(rest, **ASE))[0][2]
    assert little < much < 1
    assert told(match(rest, identifier=numbers((FNR, N1))))[0][2] == 1
    assert ase


def test_certain_matches_only_and_no_more_than_asked_for(rest: Rest, ase: Resource) -> None:
    only = parameter("onlyCertainMatches", valueBoolean=True)
    assert told(match(rest, only, name=ASE["name"], birthDate="1985-11-15")) == []
    assert [t[0] for t in told(match(rest, only, identifier=numbers((FNR, N1))))] == [ase["id"]]
    named = {"name": [{"family": "Lie", "given": ["Per"]}], "birthDate": "1970-01-01"}
    ones = {person(rest, **named)["id"] for _ in range(12)}
    assert len(told(match(rest, **named))) == 10
    assert {t[0] for t in told(match(rest, parameter("count", valueInteger=20), **named))} == ones
    assert len(told(match(rest, parameter("count", valueInteger=3), **named))) == 3


def test_a_hospitals_own_number_makes_it_probable(rest: Rest) -> None:
    own = [{"system": "urn:hospital", "value": "M-1"}]
    known = rest.stored({"resourceType": "Patient", "identifier": own})
    assert told(match(rest, identifier=own)) == [(known["id"], "probable", 0.9)]


def test_a_record_that_is_replaced_is_no_candidate(rest: Rest) -> None:
    old, new = person(rest, (FNR, "15821470134")), person(rest, (DNR, "55918512380"))
    assert changed(rest, old, link=replaced_by(new)).status_code == 200
    assert [t[0] for t in told(match(rest, identifier=numbers((FNR, "15821470134"))))] == [new["id"]]


@pytest.mark.usefixtures("ase")
def test_who_may_not_see_somebody_is_not_told_of_them(rest: Rest) -> None:
    """SR-28"""
    body = {
        "resourceType": "Parameters",
        "parameter": [parameter("resource", resource={"resourceType": "Patient", "identifier": numbers((FNR, N1))})],
    }
    stranger = FHIR_JSON | {"x-knutepunkt-role": "service", "x-knutepunkt-organization": "Organization/elsewhere"}
    answer = rest("POST", "Patient/$match", json=body, headers=stranger)
    assert answer.status_code == 200
    assert answer.json() == {"resourceType": "Bundle", "type": "searchset", "total": 0}


@pytest.mark.parametrize("elements", [{}, {"birthDate": "1985-11-15"}, {"name": [{"family": "Lie"}]}])
def test_too_little_to_go_by_is_told(rest: Rest, elements: Any) -> None:
    answer = match(rest, **elements)
    assert (answer.status_code, code(answer)) == (400, "required")


def test_the_answer_is_valid_and_takes_the_bare_patient(rest: Rest, ase: Resource) -> None:
    wanted = {"resourceType": "Patient", "identifier": numbers((FNR, N1))}
    answer = rest("POST", "Patient/$match", json=wanted, headers=FHIR_JSON)
    assert check(answer.json()) == ()
    assert answer.json()["entry"][0]["resource"]["id"] == ase["id"]
    assert rest.get("Patient/$match").status_code == 400
