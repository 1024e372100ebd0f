"""What does not refuse a write is told to who asks for an OperationOutcome (ADR 0019)."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_service.settings import Settings
from profiles.resource import Resource
from tests.rest.bundles import entry, send, statuses
from tests.rest.conftest import BASE, NATIONAL, Rest, code, opened_rest
from tests.rest.operating import codes

WRONG = "15918512398"
OTHER = "15918512399"
TOLD = {"prefer": "return=OperationOutcome"}
DONE_WITH_WARNING = [("information", "done"), ("warning", "bad-check-digit")]


def numbered(value: str, **more: Any) -> Resource:
    return {"resourceType": "Patient", "identifier": [{"system": NATIONAL, "value": value}], **more}


def told(outcome: Resource) -> list[tuple[str, str]]:
    """Severity and code of each issue, which shows no number and is about the identifier."""
    assert WRONG not in str(outcome)
    assert all(i["expression"] == ["Patient.identifier[0].value"] for i in outcome["issue"] if "expression" in i)
    return [(i["severity"], i["details"]["coding"][0]["code"]) for i in outcome["issue"]]


def place(answer: httpx.Response) -> str:
    return answer.headers["location"].split("/fhir/")[1].split("/_history")[0]


def test_create_update_and_patch_tell_a_wrong_number(rest: Rest) -> None:
    made = rest.post(numbered(WRONG), **TOLD)
    assert (made.status_code, told(made.json())) == (201, DONE_WITH_WARNING)
    at = place(made)
    rid = at.removeprefix("Patient/")
    same = rest.put(numbered(WRONG, id=rid, gender="female"), **TOLD, if_match='W/"1"')
    assert (same.status_code, told(same.json())) == (200, DONE_WITH_WARNING[:1])
    other = rest.put(numbered(OTHER, id=rid), **TOLD, if_match='W/"2"')
    assert (other.status_code, told(other.json())) == (200, DONE_WITH_WARNING)
    replacing = [{"op": "replace", "path": "/identifier/0/value", "value": WRONG}]
    patched = rest.patch(at, replacing, **TOLD, if_match='W/"3"')
    assert (patched.status_code, told(patched.json())) == (200, DONE_WITH_WARNING)


@pytest.mark.parametrize("prefer", ["return=minimal", "return=representation"])
def test_who_asks_for_something_else_gets_that(rest: Rest, prefer: str) -> None:
    answer = rest.post(numbered(WRONG), prefer=prefer)
    assert answer.status_code == 201
    assert b"OperationOutcome" not in answer.content


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_each_entry_tells_its_own(rest: Rest, kind: str) -> None:
    """The same is the matter with two of them."""
    given = (numbered(WRONG), {"resourceType": "Patient"}, numbered(OTHER))
    answer = send(rest, kind, *(entry("POST", "Patient", one) for one in given), **TOLD)
    assert statuses(answer) == [201, 201, 201]
    assert [told(e["response"]["outcome"]) for e in answer.json()["entry"]] == [
        DONE_WITH_WARNING,
        DONE_WITH_WARNING[:1],
        DONE_WITH_WARNING,
    ]


def test_validate_tells_what_the_write_would_be_told(rest: Rest) -> None:
    at = "Patient/$validate?mode=create"
    wrong = rest("POST", at, json=numbered(WRONG), headers={"content-type": "application/fhir+json"})
    assert (wrong.status_code, told(wrong.json())) == (200, DONE_WITH_WARNING[1:])
    right = rest("POST", at, json={"resourceType": "Patient"}, headers={"content-type": "application/fhir+json"})
    assert codes(right) == ["done"]


def test_a_wrong_number_is_refused_where_that_is_set(tmp_path: Path) -> None:
    file = tmp_path / "k.db"
    settings = Settings(database=f"sqlite:///{file}", mllp="", base_url=BASE, refuse_wrong_numbers=True)
    with opened_rest(settings, file) as rest:
        refused = rest.post(numbered(WRONG))
        assert (refused.status_code, code(refused)) == (400, "bad-check-digit")
        assert WRONG not in refused.text
        assert rest.post(numbered("15918512397")).status_code == 201
