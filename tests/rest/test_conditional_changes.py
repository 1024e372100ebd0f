"""Conditional update, patch and delete.  https://hl7.org/fhir/R4/http.html#cond-update (SR-15, SR-19)"""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from fhir_service.workflow.interaction import MOST_DELETED
from profiles.names import IP_GOAL
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest, code

SYSTEM = "https://example.org/ids"
MERGE = {"content-type": "application/merge-patch+json"}


def organization(value: str, **more: Any) -> Resource:
    """An Organization that can be found again."""
    return {"resourceType": "Organization", "identifier": [{"system": SYSTEM, "value": value}], "name": "X", **more}


def where(value: str) -> str:
    return f"Organization?identifier={SYSTEM}|{value}"


def put(rest: Rest, resource: Resource, value: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return rest("PUT", where(value), json=resource, headers=FHIR_JSON | named)


@pytest.fixture
def value() -> str:
    """An identifier that nobody else has."""
    return str(uuid4())


def test_update_makes_what_is_not_there(rest: Rest, value: str) -> None:
    answer = put(rest, organization(value), value)
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"1"')
    assert answer.headers["location"].endswith(f"/Organization/{answer.json()['id']}/_history/1")


def test_update_makes_what_is_not_there_under_the_id_it_has(rest: Rest, value: str) -> None:
    answer = put(rest, organization(value, id=value), value)
    assert (answer.status_code, answer.json()["id"]) == (201, value)


def test_update_changes_the_one_that_matches(rest: Rest, value: str) -> None:
    first = rest.stored(organization(value))
    for sent in (organization(value, name="Y"), organization(value, name="Z", id=first["id"])):
        answer = put(rest, sent, value)
        assert (answer.status_code, answer.json()["id"], answer.json()["name"]) == (200, first["id"], sent["name"])
    assert rest.get(f"Organization/{first['id']}").headers["etag"] == 'W/"3"'


def test_update_of_another_id_than_the_one_that_matches_is_400(rest: Rest, value: str) -> None:
    first = rest.stored(organization(value))
    answer = put(rest, organization(value, id="another"), value)
    assert (answer.status_code, code(answer)) == (400, "id-mismatch")
    assert rest.get(f"Organization/{first['id']}").headers["etag"] == 'W/"1"'


def test_update_that_matches_nothing_does_not_take_the_id_of_another(rest: Rest, value: str) -> None:
    other = rest.stored(organization("someone-else"))
    answer = put(rest, organization(value, id=other["id"]), value)
    assert (answer.status_code, code(answer)) == (409, "id-taken")
    assert rest.get(f"Organization/{other['id']}").headers["etag"] == 'W/"1"'


def test_update_that_matches_nothing_brings_a_deleted_id_back(rest: Rest, value: str) -> None:
    rest.put(organization("gone", id=value))
    rest("DELETE", f"Organization/{value}")
    answer = put(rest, organization(value, id=value), value)
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')


def test_changes_of_several_matches_are_412(rest: Rest, value: str) -> None:
    for _ in range(2):
        rest.stored(organization(value))
    patched = rest("PATCH", where(value), json={"name": "Y"}, headers=MERGE)
    answers = (put(rest, organization(value), value), patched)
    assert [(a.status_code, code(a)) for a in answers] == [(412, "multiple-matches")] * 2


def test_update_honours_if_match_and_if_none_match(rest: Rest, value: str) -> None:
    assert put(rest, organization(value), value, if_match='W/"1"').status_code == 412
    assert put(rest, organization(value), value, if_none_match="*").status_code == 201
    assert put(rest, organization(value), value, if_none_match="*").status_code == 412
    assert put(rest, organization(value), value, if_match='W/"2"').status_code == 412
    assert put(rest, organization(value), value, if_match="2").status_code == 400
    assert put(rest, organization(value), value, if_match='W/"1"').status_code == 200


def test_if_none_match_on_an_update_by_id_makes_only_what_is_absent(rest: Rest, value: str) -> None:
    sent = organization(value, id=value)
    assert rest.put(sent, if_none_match="*").status_code == 201
    answer = rest.put(sent, if_none_match="*")
    assert (answer.status_code, code(answer)) == (412, "stale-version")
    assert rest.put(sent, if_none_match='W/"1", W/"7"').status_code == 412
    assert rest.put(sent, if_none_match='W/"7"').status_code == 200
    assert rest.put(sent, if_none_match="seven").status_code == 400
    rest("DELETE", f"Organization/{value}")
    assert rest.put(sent, if_none_match="*").status_code == 201


def test_patch_changes_the_one_that_matches(rest: Rest, value: str) -> None:
    rest.stored(organization(value))
    answer = rest("PATCH", where(value), json={"name": "Y"}, headers=MERGE)
    assert (answer.status_code, answer.json()["name"]) == (200, "Y")
    stale = rest("PATCH", where(value), json={"name": "Z"}, headers=MERGE | {"if-match": 'W/"1"'})
    assert stale.status_code == 412


def test_patch_that_matches_nothing_is_404(rest: Rest, value: str) -> None:
    answer = rest("PATCH", where(value), json={"name": "Y"}, headers=MERGE)
    assert (answer.status_code, code(answer)) == (404, "not-found")
    stale = rest("PATCH", where(value), json={"name": "Y"}, headers=MERGE | {"if-match": 'W/"1"'})
    assert stale.status_code == 412


def test_delete_of_what_matches(rest: Rest, value: str) -> None:
    """None, one, and several: all are deleted."""
    assert rest("DELETE", where(value)).status_code == 204
    made = [rest.stored(organization(value))["id"] for _ in range(3)]
    answer = rest("DELETE", where(value), headers={"prefer": "return=OperationOutcome"})
    assert answer.status_code == 200
    assert answer.json()["issue"][0]["diagnostics"].startswith("Deleted: 3 ")
    assert [rest.get(f"Organization/{rid}").status_code for rid in made] == [410] * 3


def test_delete_of_one_tells_its_version(rest: Rest, value: str) -> None:
    rest.stored(organization(value))
    answer = rest("DELETE", where(value))
    assert (answer.status_code, answer.headers["etag"]) == (204, 'W/"2"')


def test_delete_honours_if_match(rest: Rest, value: str) -> None:
    assert rest("DELETE", where(value), headers={"if-match": 'W/"1"'}).status_code == 412
    rest.stored(organization(value))
    assert rest("DELETE", where(value), headers={"if-match": 'W/"2"'}).status_code == 412
    assert rest("DELETE", where(value), headers={"if-match": 'W/"1"'}).status_code == 204


def test_delete_of_more_than_may_be_deleted_deletes_none(rest: Rest, value: str) -> None:
    """SR-8"""
    more = {"headers": FHIR_JSON, "json": organization(value)}
    rest.together([("POST", "Organization", more)] * (MOST_DELETED + 1))
    answer = rest("DELETE", where(value))
    assert (answer.status_code, code(answer)) == (412, "multiple-matches")
    assert rest.get(f"{where(value)}&_summary=count").json()["total"] == MOST_DELETED + 1


def test_delete_of_what_may_not_be_deleted_is_409(rest: Rest, value: str) -> None:
    """INV-08, decision 8: criteria are no way round it."""
    patient = rest.stored({"resourceType": "Patient"})["id"]
    goal = {"resourceType": "Goal", "meta": {"profile": [IP_GOAL]}, "lifecycleStatus": "active"}
    goal |= {"description": {"text": "Gå"}, "subject": {"reference": f"Patient/{patient}"}}
    stored = rest.stored(goal)
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": goal["subject"]}
    rest.stored(plan | {"goal": [{"reference": f"Goal/{stored['id']}"}]})
    answer = rest("DELETE", f"Goal?subject=Patient/{patient}")
    assert (answer.status_code, code(answer)) == (409, "not-deletable")
    assert len(answer.json()["issue"]) == 1  # not what refers to it, as if it could be deleted without
    update = rest("PUT", f"Goal?subject=Patient/{patient}", json=goal, headers=FHIR_JSON)
    assert (update.status_code, code(update)) == (428, "version-required")
    assert rest.get(f"Goal/{stored['id']}").headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    "criteria",
    [
        "",
        "?",
        "?_count=1",
        "?_sort=name",
        "?name:missing=false",
        "?active:not=false",
        "?name=x&_sort=name",
        "?name=x&_count=7",
        "?name=",
        "?colour=red",
        "?name:colour=red",
        "?_include=Organization:partof",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_criteria_that_do_not_narrow_down_are_refused(rest: Rest, method: str, criteria: str) -> None:
    """SR-19: whoever forgets a value must not change or delete what was never meant."""
    told = {"headers": FHIR_JSON if method == "PUT" else MERGE, "json": {"resourceType": "Organization", "name": "X"}}
    answer = rest(method, f"Organization{criteria}", **(told if method != "DELETE" else {}))
    assert answer.status_code == 400, answer.text


def test_parallel_updates_with_one_criterion_make_one(rest: Rest, value: str) -> None:
    more = {"json": organization(value), "headers": FHIR_JSON}
    answers = rest.together([("PUT", where(value), more)] * 20)
    assert sorted(a.status_code for a in answers) == [200] * 19 + [201]
    assert len({a.json()["id"] for a in answers}) == 1
