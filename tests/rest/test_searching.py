"""Search as a client sees it: links, pages, sealed tokens, strict and lenient (decisions 7, 26, 39)."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.rest.conftest import BASE, NATIONAL, Rest, code, link, matches

FORM = {"content-type": "application/x-www-form-urlencoded"}
NUMBER = "15918512397"


@pytest.fixture(scope="module")
def team(rest: Rest) -> list[str]:
    """Five organisations with one name; their ids, oldest first."""
    body = {"resourceType": "Organization", "name": "Lagoppsett"}
    return [rest.stored(body)["id"] for _ in range(5)]


def pages(rest: Rest, address: str) -> list[list[str]]:
    """The ids of each page, by following the links."""
    found: list[list[str]] = []
    following: str | None = address
    while following:
        answer = rest.get(following)
        found.append([r["id"] for r in matches(answer)])
        following = link(answer, "next")
    return found


def flat(found: list[list[str]]) -> list[str]:
    return [one for page in found for one in page]


def test_pages_show_everything_once_and_the_last_has_no_next(rest: Rest, team: list[str]) -> None:
    found = pages(rest, "Organization?name=Lagoppsett&_count=2")
    assert [len(page) for page in found] == [2, 2, 1]
    assert sorted(flat(found)) == sorted(team)


def test_sorted_pages_keep_their_order(rest: Rest, team: list[str]) -> None:
    found = pages(rest, "Organization?name=Lagoppsett&_count=2&_sort=-_lastUpdated")
    assert flat(found) == team[::-1]


def test_entries_have_their_address_and_mode(rest: Rest, team: list[str]) -> None:
    entry = rest.get("Organization?name=Lagoppsett&_count=1").json()["entry"][0]
    assert entry["fullUrl"] == f"{BASE}/Organization/{entry['resource']['id']}"
    assert entry["search"] == {"mode": "match"}
    assert entry["resource"]["id"] in team


def test_total_is_told_where_the_first_page_is_the_last(rest: Rest, team: list[str]) -> None:
    assert rest.get("Organization?name=Lagoppsett").json()["total"] == len(team)
    assert "total" not in rest.get("Organization?name=Lagoppsett&_count=2").json()


def test_nothing_found_is_a_bundle_without_entries(rest: Rest) -> None:
    answer = rest.get("Organization?name=Finnesikke&_total=accurate")
    assert answer.json() == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "link": [{"relation": "self", "url": f"{BASE}/Organization?name=Finnesikke&_total=accurate"}],
    }


def test_self_shows_what_was_used(rest: Rest) -> None:
    answer = rest.get("Organization?name=Blå%20kors&_count=5")
    assert link(answer, "self") == f"{BASE}/Organization?name=Bl%C3%A5+kors&_count=5"
    again = rest.get(link(answer, "self") or "")
    assert again.json() == answer.json()


def test_includes_come_with_mode_include(rest: Rest) -> None:
    whole = rest.stored({"resourceType": "Organization", "name": "Kommune"})
    part = rest.stored(
        {"resourceType": "Organization", "name": "Enhet", "partOf": {"reference": f"Organization/{whole['id']}"}}
    )
    answer = rest.get(f"Organization?_id={part['id']}&_include=Organization:partof")
    modes = {e["resource"]["id"]: e["search"]["mode"] for e in answer.json()["entry"]}
    assert modes == {part["id"]: "match", whole["id"]: "include"}


def test_a_post_search_finds_the_same_and_adds_up_address_and_form(rest: Rest, team: list[str]) -> None:
    answer = rest("POST", "Organization/_search?_count=3", content="name=Lagoppsett&_pretty=true", headers=FORM)
    assert len(matches(answer)) == 3
    assert b"\n  " in answer.content


@pytest.mark.parametrize("over_post", [False, True])
def test_a_national_number_never_shows_in_a_link(rest: Rest, over_post: bool) -> None:
    person = {"resourceType": "Patient", "identifier": [{"system": NATIONAL, "value": NUMBER}]}
    ids = {rest.stored(person)["id"] for _ in range(2)}
    asked = f"identifier={NATIONAL}|{NUMBER}&_count=1"
    form = {"content": asked, "headers": FORM}
    answer = rest("POST", "Patient/_search", **form) if over_post else rest.get(f"Patient?{asked}")
    shown = [link(answer, "self") or "", link(answer, "next") or ""]
    assert all(url and NUMBER not in url for url in shown)
    assert matches(rest.get(shown[0]))[0]["id"] == matches(answer)[0]["id"]
    found = flat(pages(rest, shown[0]))
    assert ids <= set(found)
    assert len(found) == len(set(found))


def test_a_changed_page_token_is_400(rest: Rest, team: list[str]) -> None:
    following = link(rest.get("Organization?name=Lagoppsett&_count=2"), "next") or ""
    token = following.partition("_page=")[2]
    changed = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    for bad in (changed, token[:-1], token + "A", "", "x", "%00", "A" * 20_000, token + "&_count=1", token + "&name=x"):
        answer = rest.get(f"Organization?_page={bad}")
        assert (answer.status_code, code(answer)) == (400, "bad-page-token"), bad
    other_type = rest.get(f"Patient?_page={token}")
    assert (other_type.status_code, code(other_type)) == (400, "bad-page-token")
    assert rest.get(f"Organization?_page={token}&_pretty=true").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("nme=x", "unknown-parameter"),
        ("_elements=colour", "bad-parameter-value"),
        ("_summary=most", "bad-parameter-value"),
        ("_summary=true&_elements=name", "bad-parameter-value"),
        ("name:nearly=x", "unknown-modifier"),
        ("_count=many", "bad-parameter-value"),
        ("_lastUpdated=1970-02-30", "bad-parameter-value"),
        ("_sort=colour", "bad-parameter-value"),
        ("_include=Organization:colour", "bad-parameter-value"),
        ("name=", "bad-parameter-value"),
        ("name=a%00b", "bad-parameter-value"),
        ("name=%ff", "bad-request"),
        ("_pretty=perhaps", "bad-parameter-value"),
        ("&".join(["name=x"] * 300), "bad-request"),
    ],
)
def test_a_search_not_understood_is_400_and_never_wider(rest: Rest, query: str, expected: str) -> None:
    for answer in (
        rest.get(f"Organization?{query}"),
        rest("POST", "Organization/_search", content=query, headers=FORM),
    ):
        assert (answer.status_code, code(answer)) == (400, expected)


def test_lenient_passes_over_an_unknown_parameter_and_says_so(rest: Rest, team: list[str]) -> None:
    answer = rest.get("Organization?name=Lagoppsett&colour=red", prefer="handling=lenient")
    assert sorted(r["id"] for r in matches(answer)) == sorted(team)
    assert link(answer, "self") == f"{BASE}/Organization?name=Lagoppsett"
    told = [e["resource"] for e in answer.json()["entry"] if e["search"]["mode"] == "outcome"]
    assert [i["expression"] for outcome in told for i in outcome["issue"]] == [["colour"]]


def test_lenient_does_not_pass_over_a_bad_value(rest: Rest) -> None:
    answer = rest.get("Organization?_lastUpdated=yesterday", prefer="handling=lenient")
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")


def test_deleted_resources_are_not_found(rest: Rest) -> None:
    first = rest.stored({"resourceType": "Organization", "name": "Borte"})
    rest("DELETE", f"Organization/{first['id']}")
    assert matches(rest.get("Organization?name=Borte")) == []


def test_tokens_of_the_same_search_differ(rest: Rest, team: list[str]) -> None:
    tokens = {link(rest.get("Organization?name=Lagoppsett&_count=2"), "next") for _ in range(3)}
    assert len(tokens) == 3
    assert all(re.fullmatch(r".*\?_page=[\w-]+", token or "") for token in tokens)


def test_as_many_steps_as_a_name_may_have_are_gone(rest: Rest) -> None:
    """Whatever stands at the far end: SQLite reads no statement that is nested too deep."""
    top = {"resourceType": "Organization", "name": "Øverst", "identifier": [{"system": "urn:steps", "value": "1"}]}
    above = rest.stored(top)["id"]
    for _ in range(4):
        below = {"resourceType": "Organization", "name": "Under", "partOf": {"reference": f"Organization/{above}"}}
        above = rest.stored(below)["id"]
    patient = {"resourceType": "Patient", "managingOrganization": {"reference": f"Organization/{above}"}}
    rid = rest.stored(patient)["id"]
    chain = "Patient?organization" + ".partof" * 4
    back = "_has:Organization:partof:" * 4 + "_has:Patient:organization:_id"
    for end in ("name=øver", "identifier=urn:steps|1", "name:missing=false", "_content=øverst"):
        assert [one["id"] for one in matches(rest.get(f"{chain}.{end}"))] == [rid], end
    for end in ("_list=none", "identifier:not=urn:steps|1", "name:missing=true"):
        assert matches(rest.get(f"{chain}.{end}")) == [], end
    assert [one["name"] for one in matches(rest.get(f"Organization?{back}={rid}"))] == ["Øverst"]


def test_links_keep_the_form_that_is_asked_for(rest: Rest, team: list[str]) -> None:
    """Whoever follows a link sends nothing but its address."""
    form = {"_format": ["application/fhir+json"], "_pretty": ["true"]}
    asked = "_count=1&_format=application/fhir%2Bjson;x=15918512397&_pretty=true"
    for place in (f"Organization?_id={','.join(team)}&_elements=name&", f"Organization/{team[0]}/_history?", "?"):
        first = rest.get(f"{place}{'_type=Organization&' if place == '?' else ''}{asked}")
        for relation in ("self", "next") if "history" not in place else ("self",):
            url = link(first, relation)
            assert url
            assert parse_qs(urlsplit(url).query).items() >= form.items()
            followed = rest.get(url)
            assert (followed.status_code, followed.text.count("\n") > 3) == (200, True)
    posted = rest("POST", "Organization/_search", content=f"_id={','.join(team)}&{asked}", headers=FORM)
    assert parse_qs(urlsplit(link(posted, "next") or "").query).keys() == {"_page", *form}
