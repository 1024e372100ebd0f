"""Who sees a part changes that part: scenarios 4 and 5 of workflow.md 12; 7.1, 7.2 and 7.5."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from profiles.resource import Resource
from tests.rest.circles import SECRET, Circle, activity, circle, seen
from tests.rest.conftest import Rest, code


@pytest.fixture(scope="module")
def family(rest: Rest) -> Circle:
    """One that no test changes."""
    return circle(rest, "family")


def test_school_changes_its_own_and_nothing_else(rest: Rest) -> None:
    """Scenario 5."""
    one = circle(rest, "fifth")
    plan = one.reads(one.plan, one.school).json()
    plan["activity"][0]["detail"]["status"] = "in-progress"
    answer = one.asks("PUT", one.plan, one.school, plan, if_match='W/"2"', prefer="return=representation")
    assert answer.status_code == 200, answer.text
    assert (seen(answer.json()), SECRET in answer.text) == (["read"], False)
    assert answer.headers["content-location"].endswith("/_history/3")
    whole = rest.get(one.plan).json()
    assert seen(whole) == ["walk", "read", "open"]
    assert [a["detail"]["status"] for a in whole["activity"]] == ["scheduled", "in-progress", "scheduled"]
    assert whole["description"] == "hemmelig behov"
    assert len(whole["goal"]) == 2
    assert "security" not in whole["meta"]


def test_answer_is_what_is_read_afterwards(rest: Rest) -> None:
    """Also where the write changes what is open to whom: then it is looked up anew."""
    one = circle(rest, "afterwards")
    for path, who in ((one.plan, one.school), (one.plan, one.coordinator), (one.ref("CareTeam", "team"), one.ke)):
        resource = one.reads(path, who).json()
        if path == one.plan:
            resource["activity"][0]["detail"]["description"] = f"Endret {len(who)} {resource['meta']['versionId']}"
        else:
            resource["participant"] = [p for p in resource["participant"] if "teacher" not in p["member"]["reference"]]
        version = {"if_match": f'W/"{resource["meta"]["versionId"]}"'}
        answer = one.asks("PUT", path, who, resource, prefer="return=representation", **version)
        assert answer.status_code == 200, answer.text
        assert answer.content == one.reads(path, who).content
    assert one.reads(one.plan, one.school).status_code == 404


FHIRPATH = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "CarePlan.activity.where(id='read').detail.status"},
                {"name": "value", "valueCode": "in-progress"},
            ],
        }
    ],
}
PATCHES: list[tuple[str, Any]] = [
    ("application/json-patch+json", [{"op": "replace", "path": "/activity/0/detail/status", "value": "in-progress"}]),
    ("application/fhir+json", FHIRPATH),
    ("application/merge-patch+json", {"activity": [activity("read", "school", "Leseopplæring i gruppe")]}),
]


@pytest.mark.parametrize(("kind", "patch"), PATCHES)
def test_patch_is_applied_to_what_is_seen(rest: Rest, kind: str, patch: Any) -> None:
    one = circle(rest, f"patched-{kind[12:15]}")
    answer = one.asks(
        "PATCH", one.plan, one.school, patch, if_match='W/"2"', content_type=kind, prefer="return=representation"
    )
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    whole = rest.get(one.plan).json()
    assert seen(whole) == ["walk", "read", "open"]
    before = one.care_plan()["activity"]
    assert [a == b for a, b in zip(whole["activity"], before, strict=True)] == [True, False, True]


def test_coordinator_and_school_write_in_turn(rest: Rest) -> None:
    one = circle(rest, "turns")
    plan = one.reads(one.plan, one.coordinator).json()
    plan["activity"] = [*plan["activity"], activity("new", "school", "Lekselesing")]
    assert one.asks("PUT", one.plan, one.coordinator, plan, if_match='W/"2"').status_code == 200
    view = one.reads(one.plan, one.school).json()
    assert seen(view) == ["read", "new"]
    view["activity"] = view["activity"][1:]
    assert one.asks("PUT", one.plan, one.school, view, if_match='W/"3"').status_code == 200
    assert seen(rest.get(one.plan).json()) == ["walk", "open", "new"]


def _title(plan: Resource) -> Resource:
    return {**plan, "title": "En annen tittel"}


def _other_sector(plan: Resource) -> Resource:
    return {**plan, "activity": [*plan["activity"], activity("mine", "municipal-health", "Ikke skolens")]}


def _hidden_place(plan: Resource) -> Resource:
    return {**plan, "description": "Skolens beskrivelse"}


def _hidden_entry(plan: Resource) -> Resource:
    return {**plan, "activity": [*plan["activity"], activity("walk", "school", "Tatt")]}


@pytest.mark.parametrize("change", [_title, _other_sector, _hidden_place, _hidden_entry])
def test_member_writes_only_within_its_sector(family: Circle, change: Callable[[Resource], Resource]) -> None:
    """The code `no-consent` of workflow.md 8 is a team member's write outside of its sector."""
    before = family.rest.get(family.plan).content
    plan = change(family.reads(family.plan, family.school).json())
    answer = family.asks("PUT", family.plan, family.school, plan, if_match='W/"2"')
    assert (answer.status_code, code(answer)) == (403, "no-consent")
    assert SECRET not in answer.text
    assert family.rest.get(family.plan).content == before


def test_entry_of_a_transaction_writes_through_the_view_too(rest: Rest) -> None:
    one = circle(rest, "bundled")
    plan = one.reads(one.plan, one.school).json()
    plan["activity"][0]["detail"]["status"] = "in-progress"
    put = {"request": {"method": "PUT", "url": one.plan, "ifMatch": 'W/"2"'}, "resource": plan}
    read = {"request": {"method": "GET", "url": one.plan}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [put, read]}
    answer = one.asks("POST", "", one.school, bundle, prefer="return=representation")
    assert answer.status_code == 200, answer.text
    assert [seen(entry["resource"]) for entry in answer.json()["entry"]] == [["read"], ["read"]]
    assert SECRET not in answer.text
    assert seen(rest.get(one.plan).json()) == ["walk", "read", "open"]


def test_conditional_create_tells_what_is_seen_of_what_is_there(rest: Rest) -> None:
    one = circle(rest, "existing")
    answer = one.asks(
        "POST",
        "CarePlan",
        one.coordinator
        | {"x-knutepunkt-role": "service", "x-knutepunkt-organization": one.ref("Organization", "school")},
        {k: v for k, v in one.care_plan().items() if k not in ("id", "meta")},
        if_none_exist=f"_id={one.id('plan')}",
        prefer="return=representation",
    )
    assert (answer.status_code, SECRET in answer.text) == (200, False), answer.text
    assert seen(answer.json()) == ["read"]


def changed(one: Circle, what: str, description: str, at: int) -> httpx.Response:
    """The coordinator's change of one activity, made to a version."""
    plan = one.reads(f"{one.plan}/_history/{at}", one.coordinator).json()
    for entry in plan["activity"]:
        if entry["id"] == what:
            entry["detail"]["description"] = description
    return one.asks("PUT", one.plan, one.coordinator, plan, if_match=f'W/"{at}"')


def diagnostics(answer: httpx.Response) -> list[str]:
    return [issue["diagnostics"] for issue in answer.json()["issue"]]


def expressions(answer: httpx.Response) -> list[str]:
    return [issue["expression"][0] for issue in answer.json()["issue"]]


def test_change_to_other_elements_can_be_merged(rest: Rest) -> None:
    """Scenario 4."""
    one = circle(rest, "fourth")
    assert changed(one, "walk", "hemmelig tur", 2).status_code == 200
    second = changed(one, "read", "Høytlesing", 2)
    assert (second.status_code, code(second)) == (412, "stale-version")
    assert "the current version is 3; mergeable=true" in diagnostics(second)[0]
    assert expressions(second) == ["CarePlan"]


def test_change_to_the_same_element_conflicts(rest: Rest) -> None:
    one = circle(rest, "conflict")
    assert changed(one, "read", "Stavelser", 2).status_code == 200
    second = changed(one, "read", "Høytlesing", 2)
    assert (second.status_code, code(second)) == (412, "stale-version")
    assert "mergeable=false" in diagnostics(second)[0]
    assert expressions(second) == ["CarePlan", "CarePlan.activity.where(id='read').detail.description"]
    patch = [{"op": "replace", "path": "/activity/1/detail/description", "value": "Høytlesing"}]
    patched = one.asks("PATCH", one.plan, one.coordinator, patch, if_match='W/"2"', content_type=PATCHES[0][0])
    assert (patched.status_code, expressions(patched)) == (412, expressions(second))


def test_conflict_tells_nothing_hidden(rest: Rest) -> None:
    """SR-28: neither by the text of a 412, nor by whether changes can be merged."""
    one = circle(rest, "quiet")
    view = one.reads(one.plan, one.school).json()
    assert changed(one, "walk", "hemmelig tur", 2).status_code == 200
    view["activity"][0]["detail"]["status"] = "in-progress"
    answer = one.asks("PUT", one.plan, one.school, view, if_match='W/"2"')
    assert answer.status_code == 412
    assert "mergeable=true" in diagnostics(answer)[0]
    assert "walk" not in answer.text


def test_version_that_never_was_has_no_conflicts(family: Circle) -> None:
    plan = family.reads(family.plan, family.coordinator).json()
    for named in (1000, 7):
        answer = family.asks("PUT", family.plan, family.coordinator, plan, if_match=f'W/"{named}"')
        assert (answer.status_code, "mergeable" in answer.text) == (412, False)


def test_part_is_not_taken_for_the_whole_by_anybody(rest: Rest) -> None:
    """A tool that reads for the school and writes for the coordinator, or for nobody, would erase what it never saw."""
    one = circle(rest, "mistaken")
    view = one.reads(one.plan, one.school).json()
    for who in (one.coordinator, {}):
        answer = one.asks("PUT", one.plan, who, view, if_match='W/"2"')
        assert (answer.status_code, code(answer)) == (412, "stale-version")
    copied = {"resourceType": "Organization", "name": "x", "meta": {"security": view["meta"]["security"]}}
    assert "security" not in rest.stored(copied)["meta"]


def test_change_of_what_was_deleted_meanwhile_has_no_conflicts(rest: Rest) -> None:
    made = rest.stored({"resourceType": "Organization", "name": "a"})
    path = f"Organization/{made['id']}"
    rest("DELETE", path)
    rest.put({**made, "name": "b"})
    for named in (1, 2):
        answer = rest.put({**made, "name": "c"}, if_match=f'W/"{named}"')
        assert answer.status_code == 412
        assert ("mergeable" in answer.text) == (named == 1)


def test_patch_that_does_not_apply_to_its_version_has_no_conflicts(family: Circle) -> None:
    nowhere = [{"op": "remove", "path": "/nowhere"}]
    answer = family.asks(
        "PATCH", family.plan, family.coordinator, nowhere, if_match='W/"1"', content_type=PATCHES[0][0]
    )
    assert (answer.status_code, "mergeable" in answer.text) == (412, False)


def test_patch_says_which_view_it_was_made_for(rest: Rest) -> None:
    """A patch that counts entries may test the mark of the view; a merge patch that brings it is held to it."""
    one = circle(rest, "marked")
    label = one.reads(one.plan, one.school).json()["meta"]["security"][0]
    test = {"op": "test", "path": "/meta/security/0/id", "value": label["id"]}
    change = {"op": "replace", "path": "/activity/0/detail/status", "value": "in-progress"}
    merge = {"meta": {"security": [label]}, "activity": [activity("read", "school", "Lekselesing")]}
    one.keeps(one.consent("plan-sharing", ("school", "school"), ("school", "municipal-health")), 1)
    patched = one.asks("PATCH", one.plan, one.school, [test, change], if_match='W/"2"', content_type=PATCHES[0][0])
    assert (patched.status_code, code(patched)) == (422, "bad-patch")
    merged = one.asks("PATCH", one.plan, one.school, merge, if_match='W/"2"', content_type=PATCHES[2][0])
    assert (merged.status_code, code(merged)) == (412, "stale-version")
    test["value"] = one.reads(one.plan, one.school).json()["meta"]["security"][0]["id"]
    change["path"] = "/activity/1/detail/status"
    again = one.asks("PATCH", one.plan, one.school, [test, change], if_match='W/"2"', content_type=PATCHES[0][0])
    assert again.status_code == 200, again.text
