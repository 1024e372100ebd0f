"""Which views are remembered, and by what (SR-8, SR-27)."""

import pytest
from msgspec.structs import replace

from fhir_service.sight import Sight
from fhir_service.storage.port import Stored
from fhir_service.storage.sighted import Sighted
from fhir_service.workflow.made_views import MadeViews, is_all, key_of
from profiles import names
from profiles.resource import Resource

STORED = Stored("CarePlan", "p", 3, 1_000, b"{}", False, "person", {})
FOUND = Sighted(STORED, frozenset({"frame"}), ("g 17,h 18", "t 19", None))
SCHOOL = Sight(organization="Organization/school")


@pytest.mark.parametrize(
    "other",
    [
        *(replace(FOUND, stored=replace(STORED, **one)) for one in (
            {"rtype": "CareTeam"}, {"rid": "q"}, {"version": 4}, {"at": 1_001}, {"person_id": "other"})),
        replace(FOUND, labels=frozenset({"frame", "school"})),
        replace(FOUND, beside=("g 17,h 20", "t 19", None)),
    ],
)  # fmt: skip
def test_view_is_known_by_all_that_it_is_made_from(other: Sighted) -> None:
    made = MadeViews()
    made.put(key_of(FOUND, SCHOOL), STORED, FOUND)
    assert made.get(key_of(FOUND, SCHOOL)) is STORED
    assert made.get(key_of(other, SCHOOL)) is None


@pytest.mark.parametrize("other", [Sight(organization="Organization/nav"), Sight(person="RelatedPerson/1")])
def test_view_is_known_by_who_looks(other: Sight) -> None:
    made = MadeViews()
    made.put(key_of(FOUND, SCHOOL), STORED, FOUND)
    assert made.get(key_of(FOUND, other)) is None


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    """What a view is known by takes room as well."""
    made = MadeViews(room=1_000)
    rows = [replace(STORED, rid=str(n), body=b"x" * 300) for n in range(3)]
    found = [Sighted(row, frozenset(), ("y" * 100, None)) for row in rows]
    keys = [key_of(one, SCHOOL) for one in found]
    for n in (0, 1, 1):
        made.put(keys[n], rows[n], found[n])
    assert made.get(keys[0]) is rows[0]
    made.put(keys[2], rows[2], found[2])
    assert [made.get(key) for key in keys] == [rows[0], None, rows[2]]


@pytest.mark.parametrize(
    ("goals", "expected"), [(["Goal/g", "Goal/h"], True), ([], True), (["Goal/g", "Goal/i"], False)]
)
def test_goal_that_is_not_the_persons_is_not_known(goals: list[str], expected: bool) -> None:
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan: Resource = {"resourceType": "CarePlan", "category": category, "goal": [{"reference": one} for one in goals]}
    assert is_all(FOUND, plan) == expected
    assert is_all(replace(FOUND, beside=(None, None, None)), plan) == (not goals)
    assert is_all(replace(FOUND, beside=()), {"resourceType": "CareTeam"})
