"""Histories of a resource, a type and everything.  https://hl7.org/fhir/R4/http.html#history"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, Rest, code, link


def entries(rest: Rest, address: str) -> list[Resource]:
    answer = rest.get(address)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["resourceType"], told["type"]) == ("Bundle", "history")
    assert check(told, "Bundle") == ()
    found: list[Resource] = told.get("entry", [])
    return found


@pytest.fixture(scope="module")
def flag(rest: Rest) -> Resource:
    """A Flag that was made, changed and deleted; the last that was stored of it."""
    flag = rest.stored(
        {
            "resourceType": "Flag",
            "status": "active",
            "code": {"text": "a"},
            "subject": {"reference": f"Patient/{rest.stored({'resourceType': 'Patient'})['id']}"},
        }
    )
    changed: Resource = rest.put({**flag, "code": {"text": "b"}}).json()
    assert rest("DELETE", f"Flag/{flag['id']}").status_code == 204
    return changed


def test_history_tells_each_version_with_what_made_it(rest: Rest, flag: Resource) -> None:
    path = f"Flag/{flag['id']}"
    gone, changed, made = entries(rest, f"{path}/_history")
    assert [e["fullUrl"] for e in (gone, changed, made)] == [f"{BASE}/{path}"] * 3
    assert (gone["request"], gone["response"]["status"]) == ({"method": "DELETE", "url": path}, "204")
    assert "resource" not in gone
    assert (changed["request"], changed["response"]["status"]) == ({"method": "PUT", "url": path}, "200")
    assert changed["resource"] == flag
    assert changed["response"]["lastModified"] == flag["meta"]["lastUpdated"]
    assert (made["request"], made["response"]["status"]) == ({"method": "POST", "url": "Flag"}, "201")
    assert [e["response"]["etag"] for e in (gone, changed, made)] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert rest.get(f"{path}/_history").json()["total"] == 3


def test_what_was_put_under_its_id_was_put(rest: Rest) -> None:
    assert rest.put({"resourceType": "Organization", "id": "put-here", "name": "x"}).status_code == 201
    (made,) = entries(rest, "Organization/put-here/_history")
    assert (made["request"], made["response"]["status"]) == ({"method": "PUT", "url": "Organization/put-here"}, "201")


def test_an_id_that_never_was_has_no_history(rest: Rest, flag: Resource) -> None:
    answer = rest.get("Flag/never/_history")
    assert (answer.status_code, code(answer)) == (404, "not-found")
    assert entries(rest, f"Flag/{flag['id']}/_history?_since=2100-01-01") == []
    assert rest("HEAD", f"Flag/{flag['id']}/_history").status_code == 200


def test_histories_of_a_type_and_of_everything_hold_it(rest: Rest, flag: Resource) -> None:
    of_type = entries(rest, "Flag/_history")
    assert [e["response"]["etag"] for e in of_type] == ['W/"3"', 'W/"2"', 'W/"1"']
    everything = entries(rest, "_history?_count=1000")
    assert [e for e in everything if e["fullUrl"].endswith(flag["id"])] == of_type
    times = [e["response"]["lastModified"] for e in everything]
    assert times == sorted(times, reverse=True)


def test_pages_are_linked_and_tell_one_total(rest: Rest, flag: Resource) -> None:
    address = f"Flag/{flag['id']}/_history"
    first = rest.get(f"{address}?_count=2")
    assert link(first, "self") == link(first, "first") == f"{BASE}/{address}?_count=2"
    second = rest.get(link(first, "next") or "")
    found = [e["response"]["etag"] for page in (first, second) for e in page.json()["entry"]]
    assert found == ['W/"3"', 'W/"2"', 'W/"1"']
    assert first.json()["total"] == second.json()["total"] == 3
    assert link(second, "next") is None
    assert link(second, "first") == link(first, "self")
    assert rest.get(link(second, "self") or "").json() == second.json()


def test_a_page_link_belongs_to_its_address(rest: Rest, flag: Resource) -> None:
    """Decision 39: a link that was changed, or is used elsewhere, is 400."""
    following = link(rest.get(f"Flag/{flag['id']}/_history?_count=1"), "next") or ""
    token = following.rpartition("=")[2]
    for address in ("Flag/_history", "_history", "Flag", f"Flag/{flag['id']}x/_history"):
        answer = rest.get(f"{address}?_page={token}")
        assert (answer.status_code, code(answer)) == (400, "bad-page-token"), address
    for added in ("&_count=5", "&_summary=true", "&_page=x"):
        assert code(rest.get(following + added)) == "bad-page-token"
    assert code(rest.get(following[:-4] + "AAAA")) == "bad-page-token"


def test_a_period_is_asked_for(rest: Rest, flag: Resource) -> None:
    address = f"Flag/{flag['id']}/_history"
    assert len(entries(rest, f"{address}?_since=2020-01-01T00:00:00Z&_at=2020")) == 0
    assert len(entries(rest, f"{address}?_since={flag['meta']['lastUpdated']}")) == 2
    assert entries(rest, f"{address}?_at=2100") == []
    assert len(entries(rest, f"{address}?_at=ge2020".replace("ge", ""))) == 0
    today = datetime.fromisoformat(flag["meta"]["lastUpdated"]).astimezone(ZoneInfo("Europe/Oslo")).date()
    assert len(entries(rest, f"{address}?_sort=-_lastUpdated&_total=none&_at={today}")) == 3


def test_parts_of_versions_are_shown_and_counted(rest: Rest, flag: Resource) -> None:
    address = f"Flag/{flag['id']}/_history"
    shown = entries(rest, f"{address}?_elements=code")[1]["resource"]
    assert set(shown) == {"resourceType", "id", "meta", "status", "code", "subject"}
    assert shown["meta"]["tag"][0]["code"] == "SUBSETTED"
    first = rest.get(f"{address}?_elements=code&_count=2")
    last = rest.get(link(first, "next") or "").json()["entry"][0]["resource"]
    assert last["meta"]["tag"][0]["code"] == "SUBSETTED"
    counted = rest.get(f"{address}?_summary=count").json()
    assert (counted["total"], "entry" in counted) == (3, False)
    assert counted["link"] == [{"relation": "self", "url": f"{BASE}/{address}?_summary=count"}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_count=-1", "bad-parameter-value"),
        ("_count=", "bad-parameter-value"),
        ("_count=1&_count=2", "bad-parameter-value"),
        ("_since=yesterday", "bad-parameter-value"),
        ("_since=ge2020", "bad-parameter-value"),
        ("_at=2020-02-30", "bad-parameter-value"),
        ("_sort=_lastUpdated", "bad-parameter-value"),
        ("_sort=name", "bad-parameter-value"),
        ("_total=some", "bad-parameter-value"),
        ("code=a", "unknown-parameter"),
        ("_type=Flag", "unknown-parameter"),
        ("_page=AAAA", "bad-page-token"),
    ],
)
@pytest.mark.parametrize("address", ["Flag/any/_history", "Flag/_history", "_history"])
def test_what_a_history_does_not_take_is_400(rest: Rest, address: str, query: str, expected: str) -> None:
    answer = rest.get(f"{address}?{query}")
    assert (answer.status_code, code(answer)) == (400, expected)


def test_an_unknown_parameter_may_be_passed_over(rest: Rest, flag: Resource) -> None:
    """Decision 26; `self` shows what was used."""
    address = f"Flag/{flag['id']}/_history"
    answer = rest.get(f"{address}?colour=red&_count=5", prefer="handling=lenient")
    assert link(answer, "self") == f"{BASE}/{address}?_count=5"
    assert code(rest.get(f"{address}?colour=red&_count=x", prefer="handling=lenient")) == "bad-parameter-value"
