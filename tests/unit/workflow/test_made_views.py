"""Which views are remembered, and by what (SR-8, SR-27)."""

import pytest
from msgspec.structs import replace

from fhir_service.sight import Sight
from fhir_service.storage.port import Stored
from fhir_service.storage.sighted import Sighted
from fhir_service.workflow.made_views import MadeViews, is_all
from profiles import names
from profiles.resource import Resource

STORED = Stored("CareTeam", "p", 3, 1_000, b'{"resourceType":"CareTeam"}', False, "person", {})
FOUND = Sighted(STORED, frozenset({"frame"}), ("g 17,h 18", "t 19", None))
VIEW = replace(STORED, body=b"view")
SCHOOL = Sight(organization="Organization/school")


def made() -> MadeViews:
    views = MadeViews()
    views.put(FOUND, SCHOOL, VIEW)
    return views


@pytest.mark.parametrize(
    "other",
    [
        *(replace(FOUND, stored=replace(STORED, **one)) for one in (
            {"rtype": "Task"}, {"rid": "q"}, {"version": 4}, {"at": 1_001}, {"person_id": "other"})),
        replace(FOUND, labels=frozenset({"frame", "school"})),
        replace(FOUND, beside=("g 17,h 20", "t 19", None)),
    ],
)  # fmt: skip
def test_view_is_known_by_all_that_it_is_made_from(other: Sighted) -> None:
    assert made().get(FOUND, SCHOOL) is VIEW
    assert made().get(other, SCHOOL) is None


@pytest.mark.parametrize("other", [Sight(organization="Organization/nav"), Sight(person="RelatedPerson/1")])
def test_view_is_known_by_who_looks(other: Sight) -> None:
    assert made().get(FOUND, other) is None


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    """What a view is known by takes room as well."""
    views = MadeViews(room=1_000)
    found = [Sighted(replace(STORED, rid=str(n)), frozenset(), ("y" * 100, None)) for n in range(3)]
    told = [replace(one.stored, body=b"x" * 300) for one in found]
    for n in (0, 1, 1):
        views.put(found[n], SCHOOL, told[n])
    assert views.get(found[0], SCHOOL) is told[0]
    views.put(found[2], SCHOOL, told[2])
    assert [views.get(one, SCHOOL) for one in found] == [told[0], None, told[2]]


@pytest.mark.parametrize(
    ("goals", "expected"), [(["Goal/g", "Goal/h"], True), ([], True), (["Goal/g", "Goal/i"], False)]
)
def test_goal_that_is_not_the_persons_is_not_known(goals: list[str], expected: bool) -> None:
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan: Resource = {"resourceType": "CarePlan", "category": category, "goal": [{"reference": one} for one in goals]}
    assert is_all(FOUND, plan) == expected
    assert is_all(replace(FOUND, beside=(None, None, None)), plan) == (not goals)
    assert is_all(replace(FOUND, beside=()), {"resourceType": "CareTeam"})
