"""Changed paths, and changes carried over: workflow.md 7.1, 7.2 and 7.5."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.rules import carried_over, differences
from profiles import names
from profiles.resource import Resource

BASE: Resource = {
    "resourceType": "CarePlan",
    "id": "p",
    "meta": {"versionId": "1", "lastUpdated": "2026-03-01T10:00:00Z"},
    "title": "Plan",
    "identifier": [{"system": "urn:i", "value": "1"}],
    "goal": [{"reference": "Goal/a"}, {"reference": "Goal/b"}, {"display": "uten referanse"}],
    "activity": [
        {"id": "a1", "detail": {"status": "scheduled", "description": "Ett"}},
        {"id": "a2", "detail": {"status": "scheduled", "description": "To"}},
        {"detail": {"status": "scheduled", "description": "Uten id"}},
    ],
    "note": [{"text": "n"}],
}


def changed(**elements: Any) -> Resource:
    made = {**copy.deepcopy(BASE), **elements}
    return {name: value for name, value in made.items() if value is not None}


def activity(number: int, **detail: Any) -> list[Resource]:
    listed: list[Resource] = copy.deepcopy(BASE["activity"])
    listed[number]["detail"] |= detail
    return listed


@pytest.mark.parametrize(
    ("after", "paths"),
    [
        (BASE, []),
        (changed(meta={"versionId": "2"}), []),
        (changed(meta=None), []),
        (changed(meta={"tag": [{"code": "x"}]}), ["CarePlan.meta"]),
        (changed(title=None), ["CarePlan.title"]),
        (changed(activity=activity(1, status="completed")), ["CarePlan.activity.where(id='a2').detail.status"]),
        (changed(activity=BASE["activity"][::-1]), []),
        (changed(activity=BASE["activity"][1:]), ["CarePlan.activity.where(id='a1')"]),
        (changed(activity=None), [*(f"CarePlan.activity.where(id='{i}')" for i in ("a1", "a2")), "CarePlan.activity"]),
        (changed(activity=[*BASE["activity"], {"id": "it's"}]), ["CarePlan.activity.where(id='it\\'s')"]),
        (changed(goal=BASE["goal"][1:]), ["CarePlan.goal.where(reference='Goal/a')"]),
        (changed(identifier=[{"system": "urn:i", "value": "2"}]), ["CarePlan.identifier", "CarePlan.identifier"]),
        (changed(note=[{"text": "m"}]), ["CarePlan.note"]),
        (changed(extension=[{"url": "urn:x", "valueCode": "a"}]), ["CarePlan.extension('urn:x')"]),
        (changed(contributor=[{"id": "c1"}]), ["CarePlan.contributor.where(id='c1')"]),
        (changed(instantiatesUri=["urn:a"]), ["CarePlan.instantiatesUri"]),
        (changed(goal=[*BASE["goal"], {"reference": "Goal/a"}]), ["CarePlan.goal.where(reference='Goal/a')"]),
    ],
)
def test_changed_paths_name_entries_by_what_identifies_them(after: Resource, paths: list[str]) -> None:
    assert [one.path for one in differences(BASE, after)] == paths


def test_participants_are_told_apart_by_member_and_role() -> None:
    def participant(role: str, start: str) -> Resource:
        coded = [{"coding": [{"code": role}]}]
        return {"member": {"reference": "PractitionerRole/1"}, "role": coded, "period": {"start": start}}

    team = {
        "resourceType": "CareTeam",
        "participant": [participant("coordinator", "2026"), participant("member", "2026")],
    }
    after = {**team, "participant": [participant("coordinator", "2026"), participant("member", "2027"), {"role": []}]}
    path = (
        "CareTeam.participant.where(member.reference='PractitionerRole/1' and role.coding.code='member').period.start"
    )
    assert [one.path for one in differences(team, after)] == [path, "CareTeam.participant"]
    assert differences(team, after)[0].name == "CareTeam.participant.period.start"


def test_contributions_are_told_apart_by_who_gives() -> None:
    def gives(who: str, what: str) -> Resource:
        told = [{"url": "who", "valueReference": {"reference": who}}, {"url": "what", "valueString": what}]
        return {"url": names.IP_CONTRIBUTION, "extension": told}

    one = changed(extension=[gives("Patient/1", "a"), gives("Organization/2", "b")])
    other = changed(extension=[gives("Organization/2", "c"), gives("Patient/1", "a")])
    told = differences(one, other)
    assert [(d.old, d.new) for d in told] == [("b", "c")]


def test_changes_of_different_entries_are_carried_over_each_other() -> None:
    """Scenario 4 of workflow.md 12."""
    mine, theirs = changed(activity=activity(0, status="completed")), changed(activity=activity(1, status="completed"))
    carried = carried_over(BASE, mine, theirs)
    assert carried.conflicts == ()
    assert [a["detail"]["status"] for a in carried.resource["activity"]] == ["completed", "completed", "scheduled"]


@pytest.mark.parametrize(
    ("mine", "theirs", "paths"),
    [
        ({"title": "a"}, {"title": "b"}, ["CarePlan.title"]),
        ({"title": "a"}, {"title": "a"}, []),
        ({"title": None}, {"title": "b"}, ["CarePlan.title"]),
        ({"title": "a"}, {"title": None}, ["CarePlan.title"]),
        ({"activity": BASE["activity"][1:]}, {"activity": activity(0, status="completed")}, ["a1"]),
        ({"activity": activity(0, status="completed")}, {"activity": BASE["activity"][1:]}, ["a1"]),
        ({"activity": activity(0, status="completed")}, {"activity": activity(0, description="x")}, []),
        ({"activity": BASE["activity"][1:]}, {"activity": BASE["activity"][:1]}, []),
        ({"note": [{"text": "a"}]}, {"note": [{"text": "b"}]}, ["CarePlan.note"]),
        ({"note": None}, {"title": "b"}, []),
        ({"text": {"div": "a"}}, {"text": {"div": "b"}}, []),
        ({"period": {"start": "2026"}}, {"period": {"start": "2027"}}, ["CarePlan.period"]),
    ],
)
def test_conflicts_are_what_both_changed_differently(mine: Resource, theirs: Resource, paths: list[str]) -> None:
    carried = carried_over(BASE, changed(**mine), changed(**theirs))
    told = [conflict.path for conflict in carried.conflicts]
    assert len(told) == len(paths)
    assert all(path in one for path, one in zip(paths, told, strict=True))


def test_carried_over_keeps_the_version_of_what_it_is_carried_onto() -> None:
    theirs = changed(meta={"versionId": "7", "lastUpdated": "2026-04-01T10:00:00Z"}, title="b")
    carried = carried_over(BASE, changed(status="active"), theirs)
    assert carried.resource["meta"] == theirs["meta"]
    assert (carried.resource["title"], carried.resource["status"]) == ("b", "active")


def test_labels_are_told_apart_by_their_code() -> None:
    one, other = ({"resourceType": "Goal", "meta": {"security": [{"code": code}]}} for code in ("a", "b"))
    paths = [difference.path for difference in differences(one, other)]
    assert paths == [f"Goal.meta.security.where(code='{code}')" for code in ("a", "b")]


def test_what_is_hidden_within_an_element_stays_when_the_rest_of_it_goes() -> None:
    whole = changed(period={"start": "2026", "end": "2027"})
    view, without = changed(period={"start": "2026"}), changed()
    assert carried_over(view, without, whole, partial=True).resource["period"] == {"end": "2027"}
    assert carried_over(view, without, whole).conflicts[0].path == "CarePlan.period"


def test_list_that_is_hidden_keeps_what_it_has_beside_what_is_added() -> None:
    view, added = changed(note=None), changed(note=[{"text": "m"}])
    assert carried_over(view, added, BASE, partial=True).resource["note"] == [{"text": "n"}, {"text": "m"}]


_value = st.sampled_from(["a", "b", None])
_resource = st.fixed_dictionaries(
    {"title": _value, "status": _value, "period": st.sampled_from([None, {"start": "1"}, {"start": "1", "end": "2"}])},
).map(lambda told: changed(**told))
_activities = st.lists(st.sampled_from(["a1", "a2", "a3"]), unique=True).flatmap(
    lambda ids: st.lists(_value, min_size=len(ids), max_size=len(ids)).map(
        lambda values: [
            {"id": i, **({"detail": {"description": v}} if v else {})} for i, v in zip(ids, values, strict=True)
        ]
    )
)
_plans = st.builds(lambda one, listed: {**one, "activity": listed or BASE["activity"]}, _resource, _activities)


@given(_plans, _plans)
def test_carrying_to_where_it_comes_from_gives_what_was_meant(base: Resource, mine: Resource) -> None:
    for partial in (False, True):
        carried = carried_over(base, mine, base, partial=partial)
        assert carried.conflicts == ()
        assert carried.resource == mine
    assert carried_over(base, base, mine).resource == mine
    assert bool(differences(base, mine)) == (
        base != {**mine, "activity": base["activity"]} or _by_id(base) != _by_id(mine)
    )


def _by_id(plan: Resource) -> dict[Any, Any]:
    return {str(a.get("id", a)): a for a in plan["activity"]}


@given(_plans, _plans, _plans)
def test_conflicts_are_the_same_from_both_sides(base: Resource, mine: Resource, theirs: Resource) -> None:
    one, other = carried_over(base, mine, theirs), carried_over(base, theirs, mine)
    assert {c.path for c in one.conflicts} == {c.path for c in other.conflicts}
    if not one.conflicts:
        assert differences(one.resource, other.resource) == ()
