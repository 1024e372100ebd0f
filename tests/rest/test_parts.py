"""A part of a resource: _summary and _elements.  https://hl7.org/fhir/R4/search.html#summary"""

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, link, matches

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
TAG = {"system": "http://example.org/tags", "code": "mine"}


@pytest.fixture(scope="module")
def patient(rest: Rest) -> Resource:
    return rest.stored({"resourceType": "Patient", "name": [{"family": "Delsum"}]})


@pytest.fixture(scope="module")
def plan(rest: Rest, patient: Resource) -> Resource:
    """A zone plan: nothing of ours hangs on it."""
    return rest.stored(
        {
            "resourceType": "CarePlan",
            "meta": {"tag": [TAG]},
            "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
            "status": "active",
            "intent": "plan",
            "title": "Deler",
            "subject": {"reference": f"Patient/{patient['id']}"},
            "activity": [{"detail": {"status": "scheduled", "description": "d"}}],
            "note": [{"text": "n"}],
        }
    )


def part(rest: Rest, plan: Resource, query: str) -> Resource:
    answer = rest.get(f"CarePlan/{plan['id']}?{query}")
    assert answer.status_code == 200, answer.text
    told: Resource = answer.json()
    assert check(told, "CarePlan") == ()
    assert told["meta"].pop("tag") == [TAG, SUBSETTED]
    assert told["meta"] | {"tag": [TAG]} == plan["meta"]
    return told


NEEDED = {"resourceType", "id", "meta", "status", "intent", "subject"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("_summary=true", {"title"}),
        ("_summary=text", {"text"}),
        ("_summary=data", {"title", "activity", "note"}),
        ("_elements=title", {"title"}),
        ("_elements=title,note", {"title", "note"}),
        ("_elements=title&_elements=note", {"title", "note"}),
        ("_elements=CarePlan.title,CarePlan.activity", {"title", "activity"}),
        ("_elements=id", set()),
        ("_elements=resourceType", set()),
    ],
)
def test_a_part_has_what_was_asked_for_and_what_must_be_there(
    rest: Rest, plan: Resource, query: str, shown: set[str]
) -> None:
    told = part(rest, plan, query)
    assert set(told) == NEEDED | shown
    assert {name: told[name] for name in shown} == {name: plan[name] for name in shown}


def test_the_whole_is_not_marked(rest: Rest, plan: Resource) -> None:
    whole = rest.get(f"CarePlan/{plan['id']}").content
    for query in ("_summary=false", "_elements=Task.status", "_elements="):
        answer = rest.get(f"CarePlan/{plan['id']}?{query}")
        assert (answer.status_code, answer.content) == (
            (200, whole) if query != "_elements=" else (400, answer.content)
        )


def test_a_version_is_shown_in_part_too(rest: Rest, plan: Resource) -> None:
    told = rest.get(f"CarePlan/{plan['id']}/_history/1?_elements=title&_pretty=true")
    assert set(told.json()) == NEEDED | {"title"}
    assert told.headers["etag"] == 'W/"1"'
    assert b"\n" in told.content


def test_a_search_shows_parts_and_so_do_its_pages(rest: Rest, plan: Resource, patient: Resource) -> None:
    address = f"CarePlan?subject=Patient/{patient['id']}&_elements=title&_include=CarePlan:subject"
    told = rest.get(address)
    assert (
        link(told, "self")
        == f"{BASE}/CarePlan?subject=Patient/{patient['id']}&_include=CarePlan:subject&_elements=title"
    )
    found, included = (e["resource"] for e in told.json()["entry"])
    assert set(found) == NEEDED | {"title"}
    assert set(included) == {"resourceType", "id", "meta"}
    assert included["meta"]["tag"] == [SUBSETTED]


def test_elements_of_a_type_leave_other_types_whole(rest: Rest, plan: Resource, patient: Resource) -> None:
    query = f"_id={plan['id']}&_elements=CarePlan.title&_include=CarePlan:subject"
    found, included = (e["resource"] for e in rest.get(f"CarePlan?{query}").json()["entry"])
    assert "note" not in found
    assert included == patient


def test_the_next_page_shows_the_same_part(rest: Rest) -> None:
    for _ in range(2):
        rest.stored({"resourceType": "Organization", "name": "Toersider", "alias": ["x"]})
    first = rest.get("Organization?name=Toersider&_elements=name&_count=1")
    second = rest.get(link(first, "next") or "")
    assert [set(r) for r in (*matches(first), *matches(second))] == [{"resourceType", "id", "meta", "name"}] * 2
    assert code(rest.get((link(first, "next") or "") + "&_elements=alias")) == "bad-page-token"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_count_is_the_total_without_entries(rest: Rest, plan: Resource, patient: Resource, method: str) -> None:
    query = f"subject=Patient/{patient['id']}&_summary=count"
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = (
        rest.get(f"CarePlan?{query}")
        if method == "GET"
        else rest("POST", "CarePlan/_search", content=query.encode(), headers=form)
    )
    assert (answer.json()["total"], "entry" in answer.json()) == (1, False)


def test_parameters_of_the_address_and_of_the_form_count_together(rest: Rest, plan: Resource) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = rest("POST", "CarePlan/_search?_elements=title", content=f"_id={plan['id']}".encode(), headers=form)
    assert set(matches(answer)[0]) == NEEDED | {"title"}
    both = rest("POST", f"CarePlan/_search?_id={plan['id']}", content=b"status=completed", headers=form)
    assert matches(both) == []


@pytest.mark.parametrize(
    "path",
    [
        "Patient/x?_summary=count",
        "Patient/x?_elements=status",
        "Patient/x?_elements=name.family",
        "Patient/x?_elements=CarePlan.colour",
        "Patient/x?_elements=Colour.red",
        "Patient/x?_elements=name,,",
        "Patient/x?_summary=true&_summary=text",
        "Patient?_elements=" + "name," * 200 + "name",
        "CarePlan?_summary=text&_include=CarePlan:subject",
    ],
)
def test_a_part_that_is_none_is_400(rest: Rest, path: str) -> None:
    answer = rest.get(path)
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")


def test_what_a_write_answers_is_shown_in_part(rest: Rest) -> None:
    body = {"resourceType": "Organization", "name": "Skrevet", "alias": ["x"]}
    answer = rest("POST", "Organization?_elements=alias", json=body, headers=FHIR_JSON)
    assert (answer.status_code, set(answer.json())) == (201, {"resourceType", "id", "meta", "alias"})
    assert "SUBSETTED" not in rest.get(f"Organization/{answer.json()['id']}").text
    refused = rest("POST", "Organization?_elements=alias", json={"resourceType": "Patient"}, headers=FHIR_JSON)
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_decimals_of_a_part_are_as_they_were_sent(rest: Rest, patient: Resource) -> None:
    """SR-20"""
    sent = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/'
        + patient["id"].encode()
        + b'"},"valueQuantity":{"value":1.50},"component":[{"code":{"text":"y"},"valueQuantity":{"value":2.00},'
        b'"interpretation":[{"text":"z"}]}]}'
    )
    made = rest("POST", "Observation?_summary=true", content=sent, headers=FHIR_JSON)
    assert b'"value":1.50' in made.content
    assert b'"component":[{"code":{"text":"y"},"valueQuantity":{"value":2.00}}]' in made.content
    by_choice = rest.get(f"Observation/{made.json()['id']}?_elements=value")
    assert b'"value":1.50' in by_choice.content
    assert b"component" not in by_choice.content
