"""A page, a Bundle of answers and what $everything brings are bounded in bytes; nothing is lost by that (SR-8)."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from fhir_service.settings import Settings
from profiles.resource import Resource
from tests import postgres
from tests.rest.bundles import entry, send, statuses
from tests.rest.conftest import BASE, Rest, opened_rest

LARGE = base64.b64encode(b"x" * 3_600_000).decode()
"""With what is around it a resource of 4.8 MB: three fit on a page, six into a Bundle of answers."""
COUNT = 7


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def rest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """A patient with seven large documents and three small ones, all by one author who has a large picture."""
    folder = tmp_path_factory.mktemp("large")
    url = f"sqlite:///{folder / 'k.db'}"
    with ExitStack() as opened:
        if request.param == "postgresql":
            url = opened.enter_context(postgres.empty_database())
        settings = Settings(database=url, mllp="", base_url=BASE, export_folder=folder / "exports")
        rest = opened.enter_context(opened_rest(settings, folder / "k.db"))
        photo = [{"contentType": "image/png", "data": LARGE}]
        rest.put({"resourceType": "Patient", "id": "p"})
        rest.put({"resourceType": "Practitioner", "id": "a", "photo": photo})
        rest.put({"resourceType": "Practitioner", "id": "b"})
        for number in range(COUNT + 3):
            assert rest.put(document(number)).status_code == 201
        yield rest


def document(number: int) -> Resource:
    return {
        "resourceType": "DocumentReference",
        "id": f"d{number}",
        "status": "current",
        "subject": {"reference": "Patient/p"},
        "author": [{"reference": "Practitioner/a"}, {"reference": "Practitioner/b"}],
        "content": [
            {"attachment": {"contentType": "text/plain", "data": LARGE} if number < COUNT else {"title": "none"}}
        ],
    }


def pages(rest: Rest, path: str) -> Iterator[httpx.Response]:
    while path:
        answer = rest.get(path)
        assert answer.status_code == 200, answer.text[:500]
        yield answer
        path = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), "")


def entries(answers: list[httpx.Response], mode: str | None = "match") -> list[str]:
    listed = [one for answer in answers for one in answer.json().get("entry", [])]
    return [_named(one) for one in listed if one.get("search", {}).get("mode") == mode]


def _named(one: dict[str, Any]) -> str:
    return f"{one['resource']['resourceType']}/{one['resource'].get('id', '')}"


ALL = [f"DocumentReference/d{number}" for number in reversed(range(COUNT + 3))]


def test_large_resources_are_paged_to_the_end_each_once(rest: Rest) -> None:
    found = list(pages(rest, "DocumentReference?_count=1000"))
    assert entries(found) == ALL
    assert [len(entries([one])) for one in found] == [6, 3, 1]
    assert all(len(one.content) < 17_000_000 for one in found)
    assert "total" not in found[0].json()


def test_a_history_of_large_resources_is_paged_to_the_end(rest: Rest) -> None:
    found = list(pages(rest, "DocumentReference/_history?_count=1000"))
    assert entries(found, None) == ALL
    assert [len(entries([one], None)) for one in found] == [6, 3, 1]
    assert {one.json()["total"] for one in found} == {COUNT + 3}


def test_includes_that_have_no_room_are_told(rest: Rest) -> None:
    found = list(pages(rest, "DocumentReference?_count=1000&_include=DocumentReference:author"))
    assert entries(found) == ALL
    assert entries(found[:1], "include") == ["Practitioner/b"]
    (told,) = [e["resource"] for e in found[0].json()["entry"] if e["search"]["mode"] == "outcome"]
    assert told["issue"][0]["code"] == "too-costly"
    assert sorted(entries(found[-1:], "include")) == ["Practitioner/a", "Practitioner/b"]
    assert entries(found[-1:], "outcome") == []


def test_everything_about_a_patient_is_paged_to_the_end(rest: Rest) -> None:
    found = list(pages(rest, "Patient/p/$everything?_count=1000"))
    assert sorted(entries(found)) == sorted([*ALL, "Patient/p"])
    assert [len(entries([one])) for one in found] == [6, 3, 2]
    assert entries(found[:1], "include") == ["Practitioner/b"]
    assert entries(found[:1], "outcome") == ["OperationOutcome/"]
    assert entries(found[-1:], "include") == ["Practitioner/a", "Practitioner/b"]
    assert entries(found[-1:], "outcome") == []


def test_a_batch_refuses_what_its_answer_has_no_room_for(rest: Rest) -> None:
    reads = [entry("GET", f"DocumentReference/d{number}") for number in range(COUNT)]
    answer = send(rest, "batch", *reads, *reads, entry("DELETE", "Goal/none"))
    assert sorted(statuses(answer)) == [200] * 6 + [204] + [422] * 8
    told = [e["response"]["outcome"] for e in answer.json()["entry"] if e["response"]["status"].startswith("422")]
    assert {one["issue"][0]["code"] for one in told} == {"too-costly"}
    assert len(answer.content) < 33_000_000


def test_a_batch_sends_nothing_back_that_it_has_no_room_for(rest: Rest) -> None:
    there = [entry("POST", "DocumentReference", _also(n), ifNoneExist=f"_id=d{n}") for n in range(COUNT)]
    answer = send(rest, "batch", *there, Prefer="return=representation")
    assert statuses(answer) == [200] * COUNT
    assert sum("resource" in one for one in answer.json()["entry"]) == 6


def _also(number: int) -> Resource:
    content = [{"attachment": {"title": f"{number}"}}]
    return {"resourceType": "DocumentReference", "status": "current", "content": content}


def test_a_transaction_that_reads_too_much_is_undone(rest: Rest) -> None:
    reads = [entry("GET", f"DocumentReference/d{number}") for number in range(COUNT)]
    answer = send(rest, "transaction", entry("DELETE", "DocumentReference/d9"), *reads)
    assert answer.status_code == 422, answer.text[:500]
    issue = answer.json()["issue"][0]
    assert (issue["code"], issue["expression"]) == ("too-costly", [f"Bundle.entry[{COUNT}]"])
    assert rest.get("DocumentReference/d9").status_code == 200
    assert send(rest, "transaction", *reads[:6]).status_code == 200


def test_terminology_finds_what_is_behind_large_ones(rest: Rest) -> None:
    """Versions and maps that do not fit on one page are looked at all the same."""
    url, system = "urn:x-large:set", "urn:x-large:system"
    filler = {"extension": [{"url": "urn:x-large", "valueBase64Binary": LARGE}]}
    listed = [{"system": system, "concept": [{"code": "a"}]}]
    for n in range(4):
        status = "draft" if n else "active"
        large = {"url": url, "version": f"{n}", "status": status, **filler, "compose": {"include": listed}}
        assert rest.put({"resourceType": "ValueSet", "id": f"large-{n}", **large}).status_code == 201
        element = [{"code": "b" if n else "a", "target": [{"code": "z", "equivalence": "equal"}]}]
        group = [{"source": system, "target": "urn:x-large:other", "element": element}]
        of_all = {"sourceUri": "urn:x-large:from", "status": "active", **filler, "group": group}
        assert rest.put({"resourceType": "ConceptMap", "id": f"large-{n}", **of_all}).status_code == 201
    assert rest.get(f"ValueSet/$expand?url={url}").json()["version"] == "0"
    told = rest.get(f"ConceptMap/$translate?system={system}&code=a").json()
    assert {"name": "result", "valueBoolean": True} in told["parameter"]
