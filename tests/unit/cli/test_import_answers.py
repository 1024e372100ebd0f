"""What an import makes of answers that a healthy service seldom gives."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pytest_httpx import HTTPXMock
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.cli.console import Problem
from fhir_service.cli.endpoint import Endpoint
from fhir_service.cli.importing.circles import circles, references
from fhir_service.cli.importing.delivery import How, deliver, stands_there
from fhir_service.cli.importing.second_plan import keep
from fhir_service.cli.importing.sources import WHOLE, Item, Spot
from fhir_service.cli.importing.wanted import entry_of, is_same, marked
from fhir_service.cli.resource_files import content_of, lines_of
from profiles import names

BASE = "http://127.0.0.1:9/fhir"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UUID = "5d2b3c1a-8d0e-4b57-9f39-1f0a5ad1c020"
Resource = dict[str, Any]
T = TypeVar("T")


def asked(question: Callable[[Endpoint], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with httpx.AsyncClient() as client:
            return await question(Endpoint(client, BASE, patience=0))

    return asyncio.run(ask())


def item(resource: Resource, entry: Resource | None = None, place: int = 0) -> Item:
    return Item(Spot(0, place + 1, 0, WHOLE), f"x:{place + 1}", f"digest-{place}", 10, resource, entry or {})


def patients(count: int) -> list[Item]:
    return [item({"resourceType": "Patient", "id": f"p{n}"}, place=n) for n in range(count)]


def outcome(code: str) -> Resource:
    details = {"coding": [{"system": names.IP_ERROR, "code": code}]}
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid", "details": details}]}


def run(folder: Path, *resources: Resource) -> tuple[int, str]:
    file = folder / "lines.ndjson"
    file.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    options = ["--http", BASE, "--state", str(folder / "state"), "--patience", "0"]
    result = CliRunner().invoke(program, ["import", *options, str(file)], catch_exceptions=False)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("resource", "beside", "request_"),
    [
        ({"id": "a"}, {}, {"method": "PUT", "url": "Patient/a"}),
        (
            {"id": "a"},
            {"request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=1"}},
            {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=1"},
        ),
        (
            {},
            {"request": {"method": "PUT", "url": "Patient?identifier=1"}},
            {"method": "PUT", "url": "Patient?identifier=1"},
        ),
        (
            {"id": "not an id!", "identifier": [{"value": "1"}, {"system": "urn:x", "value": "a b&c"}]},
            {},
            {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|a%20b%26c"},
        ),
        ({"identifier": {"system": "urn:x"}}, {}, None),
        ({}, {"fullUrl": f"urn:uuid:{UUID.upper()}"}, {"method": "PUT", "url": f"Patient/{UUID}"}),
        ({}, {"fullUrl": "http://elsewhere.example/Patient/1"}, None),
    ],
)
def test_request_may_be_sent_twice(resource: Resource, beside: Resource, request_: Resource | None) -> None:
    made = entry_of(item({"resourceType": "Patient"} | resource, beside))["request"]
    if request_ is None:
        assert made["method"] == "PUT"
        assert made["url"].count("-") == 4  # an id that follows from the content
    else:
        assert made == request_


def test_tag_of_an_import_is_set_once_and_on_plans_only() -> None:
    category = [{"coding": [{"system": names.TEAM_CATEGORY, "code": "coordination"}]}]
    team = {"resourceType": "CareTeam", "category": category, "meta": {"tag": [{"code": "x"}], "profile": ["p"]}}
    once = marked(team)
    assert marked(once) == once
    assert once["meta"] == {"tag": [{"code": "x"}, {"system": names.TAG, "code": "imported"}], "profile": ["p"]}
    other = {"resourceType": "CareTeam", "category": [{"coding": [{"code": "coordination"}]}]}
    assert marked(other) is other


def test_what_the_service_puts_beside_is_no_difference() -> None:
    assert is_same({"id": "1", "meta": {"tag": []}}, {"id": "1", "meta": {}, "identifier": [{}]})
    assert not is_same({"id": "1", "status": "active"}, {"id": "1"})


def test_answer_that_is_too_short_or_no_bundle_leaves_the_rest_for_later(httpx_mock: HTTPXMock) -> None:
    response = {"entry": [{"response": {"status": "201 Created"}}, {"response": {}}]}
    httpx_mock.add_response(url=BASE, json=response)
    results = asked(lambda endpoint: deliver(endpoint, patients(3)))
    assert [result.how for result in results] == [How.CREATED, How.LATER, How.LATER]
    httpx_mock.add_response(url=BASE, content=b"<html>")
    assert [r.how for r in asked(lambda endpoint: deliver(endpoint, patients(1)))] == [How.LATER]
    httpx_mock.add_response(url=BASE, content=b"[]")
    assert [r.how for r in asked(lambda endpoint: deliver(endpoint, patients(1)))] == [How.LATER]


def test_service_that_fails_on_a_batch_gets_it_later(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url=BASE, status_code=503)
    assert [r.how for r in asked(lambda endpoint: deliver(endpoint, patients(2)))] == [How.LATER] * 2


def test_batch_that_is_refused_whole_is_halved(httpx_mock: HTTPXMock) -> None:
    done = {"entry": [{"response": {"status": "201"}}]}
    for answer in ({"status_code": 413}, {"json": done}, {"status_code": 413, "json": outcome("too-large")}):
        httpx_mock.add_response(url=BASE, **answer)
    results = asked(lambda endpoint: deliver(endpoint, patients(2)))
    assert [(r.how, r.status) for r in results] == [(How.CREATED, 201), (How.REJECTED, 413)]
    assert results[1].has("too-large")


def test_conditional_entry_is_never_taken_for_done() -> None:
    entry = entry_of(item({"resourceType": "Patient", "identifier": [{"system": "a", "value": "b"}]}))
    assert asked(lambda endpoint: stands_there(endpoint, [entry])) is False


@pytest.mark.parametrize("subject", [{}, {"subject": {"reference": "Group/1"}}, {"subject": {"display": "x"}}])
def test_second_plan_about_nobody_is_rejected(subject: Resource) -> None:
    told = asked(lambda endpoint: keep(endpoint, {"resourceType": "CarePlan"} | subject, "d", NOW))
    assert told is not None
    assert "was not found" in told["issue"][0]["details"]["text"]


def test_second_plan_whose_first_is_hidden_is_rejected(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url=f"{BASE}/CarePlan/_search", json={"resourceType": "Bundle"})
    httpx_mock.add_response(url=f"{BASE}/Patient/1", json={"resourceType": "Patient", "identifier": [{"system": "x"}]})
    told = asked(lambda endpoint: keep(endpoint, {"subject": {"reference": "Patient/1"}}, "d", NOW))
    assert told is not None


@pytest.mark.parametrize(("content", "code"), [(json.dumps(outcome("rule")).encode(), "rule"), (b"", "duplicate-plan")])
def test_task_that_is_refused_is_told(httpx_mock: HTTPXMock, content: bytes, code: str) -> None:
    found = {"entry": [{"resource": {"resourceType": "CarePlan", "id": "first"}}]}
    httpx_mock.add_response(url=f"{BASE}/CarePlan/_search", json=found)
    httpx_mock.add_response(method="GET", status_code=404)
    httpx_mock.add_response(method="PUT", status_code=422, content=content)
    told = asked(lambda endpoint: keep(endpoint, {"subject": {"reference": "Patient/1"}}, "d", NOW))
    assert told is not None
    assert told["issue"][0]["details"]["coding"][0]["code"] == code


def test_transaction_with_a_second_plan_may_be_refused_without_it(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan = {"resourceType": "CarePlan", "id": "second", "status": "active", "category": category}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": plan}]}
    httpx_mock.add_response(url=BASE, status_code=409, json=outcome("duplicate-plan"))
    httpx_mock.add_response(url=BASE, status_code=422, json=outcome("rule"))
    assert run(tmp_path, bundle)[0] == 1
    httpx_mock.add_response(url=f"{BASE}/CarePlan/second", status_code=404)
    httpx_mock.add_response(url=BASE, status_code=409, json=outcome("duplicate-plan"))
    httpx_mock.add_response(url=BASE, json={"entry": []})  # the rest is taken, the Task is not: nobody is the subject
    assert run(tmp_path, bundle)[0] == 1


def test_transaction_that_was_sent_before_is_looked_up(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "1"}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": patient}]}
    httpx_mock.add_response(url=BASE, json={"entry": [{"response": {"status": "201"}}]})
    run(tmp_path, bundle)
    state = tmp_path / "state"
    state.write_text(state.read_text().replace("done ", "lost "))
    httpx_mock.add_response(url=f"{BASE}/Patient/1", json=patient)
    status, printed = run(tmp_path, bundle)
    assert (status, "there already" in printed) == (0, True)


def test_transactions_that_wait_are_not_put_together(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {"resourceType": "Patient"}}]}
    httpx_mock.add_response(url=BASE, status_code=409, json=outcome("dangling-reference"), is_reusable=True)
    status, printed = run(tmp_path, bundle)
    assert (status, "1 rejected" in printed, len(httpx_mock.get_requests())) == (1, True, 2)


def test_circle_that_is_refused_is_rejected(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    refused = {"response": {"status": "409", "outcome": outcome("dangling-reference")}}
    httpx_mock.add_response(url=BASE, json={"entry": [refused]}, is_reusable=True, match_content=None)
    status, _ = run(tmp_path, {"resourceType": "Flag", "id": "1"})
    assert status == 0  # alone, in a transaction, it was taken
    httpx_mock.reset()
    httpx_mock.add_response(url=BASE, json={"entry": [refused]})
    httpx_mock.add_response(url=BASE, json={"entry": [refused]})
    httpx_mock.add_response(url=BASE, status_code=409, json=outcome("dangling-reference"))
    assert run(tmp_path, {"resourceType": "Flag", "id": "2"})[0] == 1


def test_circles_are_what_is_linked() -> None:
    def organization(rid: str, parent: str) -> Resource:
        return {"resourceType": "Organization", "id": rid, "partOf": {"reference": f"Organization/{parent}"}}

    links = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "none"), ("e", "a")]
    items = [item(organization(*link), place=n) for n, link in enumerate(links)]
    found = [[one.resource["id"] for one in circle] for circle in circles(items)]
    assert sorted(map(sorted, found)) == [["a", "b", "c", "e"], ["d"]]
    assert list(references({"a": [{"reference": "x"}], "reference": {"reference": "y"}})) == ["y", "x"]


def test_many_lines_are_counted_while_they_are_looked_through(httpx_mock: HTTPXMock, tmp_path: Path) -> None:
    httpx_mock.add_response(url=BASE, json={"entry": [{"response": {"status": "200"}}]})
    status, printed = run(tmp_path, *[{"resourceType": "Patient", "id": "same"}] * 10_001)
    assert (status, "10000" in printed) == (0, True)


def test_file_that_goes_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="cannot be read"):
        content_of(tmp_path / "gone.json")
    with pytest.raises(Problem, match="cannot be read"):
        next(lines_of(tmp_path / "gone.ndjson"))
