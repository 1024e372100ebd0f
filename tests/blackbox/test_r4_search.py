"""Searches as R4's search.html tells them, asked of the real process.  https://hl7.org/fhir/R4/search.html"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from .conftest import Service
from .r4_population import EVERY_ONE, FOUND, POPULATION, REFUSED

JSON = {"content-type": "application/fhir+json"}


@pytest.fixture(scope="module")
def client(shared_service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared_service.fhir + "/") as made:
        for resource in POPULATION:
            answer = made.put(f"{resource['resourceType']}/{resource['id']}", json=resource, headers=JSON)
            assert answer.status_code == 201, answer.text
        yield made


def bundle(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text[:600]
    told: dict[str, Any] = answer.json()
    assert (told["resourceType"], told["type"]) == ("Bundle", "searchset")
    return told


def ids(answer: httpx.Response, mode: str = "match") -> list[str]:
    return [e["resource"]["id"] for e in bundle(answer).get("entry", ()) if e["search"]["mode"] == mode]


def links(answer: httpx.Response) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle(answer)["link"]}


@pytest.mark.parametrize(("query", "expected"), FOUND, ids=[query for query, _ in FOUND])
def test_search_finds(client: httpx.Client, shared_service: Service, query: str, expected: str) -> None:
    answer = client.get(query.format(base=shared_service.fhir))
    assert sorted(ids(answer)) == sorted(expected.split())


@pytest.mark.parametrize("query", [query for query, _ in FOUND if "/" not in query.partition("?")[0]])
def test_form_finds_the_same(client: httpx.Client, shared_service: Service, query: str) -> None:
    rtype, _, asked = query.format(base=shared_service.fhir).partition("?")
    posted = client.post(f"{rtype}/_search", data=parse_qs(asked, keep_blank_values=True))
    assert sorted(ids(posted)) == sorted(ids(client.get(f"{rtype}?{asked}")))


@pytest.mark.parametrize("query", REFUSED)
def test_search_refuses(client: httpx.Client, query: str) -> None:
    answer = client.get(query)
    assert answer.status_code in (400, 404), answer.text[:300]
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["diagnostics"]


def test_lenient_search_passes_over_what_is_unknown_and_says_so(client: httpx.Client) -> None:
    answer = client.get("Patient?colour=red&gender=female", headers={"prefer": "handling=lenient"})
    assert ids(answer) == ["kari"]
    assert len(ids_of_outcomes(answer)) == 1
    assert "colour" not in links(answer)["self"]


def ids_of_outcomes(answer: httpx.Response) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle(answer)["entry"] if e["search"]["mode"] == "outcome"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_sort=_id", "ase dal kari ola"),
        ("_sort=-_id", "ola kari dal ase"),
        ("_sort=birthdate,_id", "ase kari ola dal"),  # 1980 begins before 1980-05-05; none is last
        ("_sort=-birthdate,_id", "ola ase kari dal"),  # and ends after it
        ("_sort=family", "kari ola dal ase"),
        ("_sort=gender,_id", "kari ola ase dal"),
        ("_sort=-gender,-_id", "ase ola kari dal"),
        ("_sort=_lastUpdated", "kari ola ase dal"),
        ("_sort=-_lastUpdated", "dal ase ola kari"),
    ],
)
def test_order_is_as_asked_and_what_has_none_is_last(client: httpx.Client, query: str, expected: str) -> None:
    assert ids(client.get(f"Patient?{query}")) == expected.split()
    assert every_page(client, f"Patient?{query}&_count=1") == expected.split()


@pytest.mark.parametrize(("query", "expected"), [("_sort=family", "double gp"), ("_sort=-family", "gp double")])
def test_names_stand_in_order_of_how_they_begin(client: httpx.Client, query: str, expected: str) -> None:
    assert ids(client.get(f"Practitioner?{query}")) == expected.split()


def every_page(client: httpx.Client, url: str) -> list[str]:
    found: list[str] = []
    following: str | None = url
    while following:
        answer = client.get(following)
        found += ids(answer)
        following = links(answer).get("next")
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
def test_pages_have_everything_once(client: httpx.Client, count: int) -> None:
    assert sorted(every_page(client, f"Patient?_count={count}")) == sorted(EVERY_ONE.split())


def test_pages_neither_repeat_nor_skip_while_others_write(client: httpx.Client) -> None:
    def put(n: int) -> None:
        body = {"resourceType": "Schedule", "id": f"s{n}", "actor": [{"display": "x"}], "comment": str(n)}
        assert client.put(f"Schedule/s{n}", json=body, headers=JSON).is_success

    for n in range(6):
        put(n)
    first = client.get("Schedule?_count=2&_sort=_id")
    client.delete("Schedule/s1")  # shown already
    put(9)  # behind what is to come
    rest = every_page(client, links(first)["next"])
    assert ids(first) + rest == ["s0", "s1", "s2", "s3", "s4", "s5", "s9"]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("_total=accurate", 4),
        ("_summary=count", 4),
        ("_total=accurate&_count=1", 4),
        ("gender=female&_total=accurate", 1),
    ],
)
def test_total_is_counted(client: httpx.Client, query: str, total: int) -> None:
    assert bundle(client.get(f"Patient?{query}"))["total"] == total


def test_count_of_none_is_a_count(client: httpx.Client) -> None:
    told = bundle(client.get("Patient?_count=0"))
    assert (told.get("entry", []), told.get("total")) == ([], 4)


def test_summary_count_has_no_entries(client: httpx.Client) -> None:
    assert "entry" not in bundle(client.get("Patient?_summary=count"))


@pytest.mark.parametrize(
    ("query", "included"),
    [
        ("CarePlan?_include=CarePlan:goal", "goal"),
        ("CarePlan?_include=CarePlan:subject", "kari"),
        ("CarePlan?_include=CarePlan:subject:Patient", "kari"),
        ("CarePlan?_include=CarePlan:subject:Group", ""),
        ("CarePlan?_include=CarePlan:goal&_include=CarePlan:subject", "goal kari"),
        ("CarePlan?_include=*", "goal kari"),
        ("CarePlan?_include=CarePlan:*", "goal kari"),
        ("Observation?_id=w1&_include=Observation:performer", "gp"),
        ("Observation?_id=h1&_include=Observation:has-member", "w1"),
        ("Observation?_id=h1&_include=Observation:has-member&_include=Observation:performer", "w1"),
        ("Observation?_id=h1&_include=Observation:has-member&_include:iterate=Observation:performer", "w1 gp"),
        ("Observation?_id=w1&_include=Observation:subject&_include:iterate=Patient:organization", "kari clinic"),
        ("Patient?_id=kari&_revinclude=Observation:subject", "w1 w2"),
        ("Patient?_id=kari&_revinclude=CarePlan:subject&_include:iterate=CarePlan:goal", "plan goal"),
        ("Goal?_id=goal&_revinclude=CarePlan:goal", "plan"),
        ("Patient?_id=dal&_revinclude=Observation:subject", ""),
        (
            "Organization?_id=top&_revinclude=Organization:partof&_revinclude:iterate=Patient:organization",
            "clinic kari ola",
        ),
    ],
)
def test_what_is_referred_to_comes_along_once(client: httpx.Client, query: str, included: str) -> None:
    assert sorted(ids(client.get(query), "include")) == sorted(included.split())


def test_entries_have_their_full_url(client: httpx.Client, shared_service: Service) -> None:
    told = bundle(client.get("CarePlan?_include=CarePlan:goal"))
    assert {e["fullUrl"] for e in told["entry"]} == {
        f"{shared_service.fhir}/{name}" for name in ("CarePlan/plan", "Goal/goal")
    }


def test_self_says_what_was_asked(client: httpx.Client) -> None:
    asked = "family=berg&gender:not=male&_sort=-birthdate&_count=7"
    told = dict(parse_qsl(urlsplit(links(client.get(f"Patient?{asked}"))["self"]).query))
    assert told == told | {"family": "berg", "gender:not": "male", "_sort": "-birthdate", "_count": "7"}


def test_changed_token_is_refused(client: httpx.Client) -> None:
    following = links(client.get("Patient?_count=1"))["next"]
    name, _, token = following.rpartition("=")
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    assert client.get(f"{name}={changed}").status_code == 400


@pytest.mark.parametrize("view", ["_summary=true", "_elements=gender", "_summary=text", "_summary=data"])
def test_parts_of_resources_say_that_they_are(client: httpx.Client, view: str) -> None:
    told = bundle(client.get(f"Patient?_id=kari&{view}"))
    resource = told["entry"][0]["resource"]
    assert any(tag["code"] == "SUBSETTED" for tag in resource["meta"]["tag"])
    assert ("text" in resource) == (view == "_summary=text")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?_type=Goal,CarePlan", "goal plan"),
        ("?_type=Patient&_id=kari", "kari"),
        ("?_type=Patient,Organization&_id=kari,top", "kari top"),
        ("?_type=Patient&_tag=marked", "kari"),
        ("Patient/kari/*?_type=Goal,CarePlan", "goal plan"),
    ],
)
def test_several_types_are_searched_at_once(client: httpx.Client, query: str, expected: str) -> None:
    assert sorted(ids(client.get(query))) == sorted(expected.split())


def test_search_for_nothing_is_an_empty_bundle(client: httpx.Client) -> None:
    told = bundle(client.get("Patient?family=nobody"))
    assert told.get("entry", []) == []
    assert [link["relation"] for link in told["link"]] == ["self"]


def test_head_of_a_search_has_no_body(client: httpx.Client) -> None:
    assert client.head("Patient?family=berg").content == b""


def test_deleted_and_earlier_versions_are_not_found(client: httpx.Client) -> None:
    body = {"resourceType": "Group", "id": "found", "type": "person", "actual": True, "name": "first"}
    client.put("Group/found", json=body, headers=JSON)
    client.put("Group/found", json=body | {"code": {"text": "x"}, "name": "second"}, headers=JSON)
    assert ids(client.get("Group?_id=found")) == ["found"]
    client.delete("Group/found")
    assert ids(client.get("Group?_id=found")) == []
    assert ids(client.get("Group?type=person")) == []
