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


def known(*found: Sighted) -> dict[tuple[str, str], Sighted]:
    return {(one.stored.rtype, one.stored.rid): one for one in found}


def made(found: Sighted = FOUND) -> MadeViews:
    views = MadeViews()
    views.put(STORED, known(found), SCHOOL, VIEW)
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
    assert made().get(STORED, known(FOUND), SCHOOL) is VIEW
    assert made().get(other.stored, known(other), SCHOOL) is None


@pytest.mark.parametrize("other", [Sight(organization="Organization/nav"), Sight(person="RelatedPerson/1")])
def test_view_is_known_by_who_looks(other: Sight) -> None:
    assert made().get(STORED, known(FOUND), other) is None


@pytest.mark.parametrize("found", [known(), known(replace(FOUND, stored=replace(STORED, version=4)))])
def test_version_of_which_nothing_is_known_is_not_remembered(found: dict[tuple[str, str], Sighted]) -> None:
    views = MadeViews()
    views.put(STORED, found, SCHOOL, VIEW)
    assert views.get(STORED, known(FOUND), SCHOOL) is None
    assert made().get(STORED, found, SCHOOL) is None


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    """What a view is known by takes room as well."""
    views = MadeViews(room=1_000)
    rows = [replace(STORED, rid=str(n)) for n in range(3)]
    found = known(*(Sighted(row, frozenset(), ("y" * 100, None)) for row in rows))
    told = [replace(row, body=b"x" * 300) for row in rows]
    for n in (0, 1, 1):
        views.put(rows[n], found, SCHOOL, told[n])
    assert views.get(rows[0], found, SCHOOL) is told[0]
    views.put(rows[2], found, SCHOOL, told[2])
    assert [views.get(row, found, SCHOOL) for row in rows] == [told[0], None, told[2]]


@pytest.mark.parametrize(
    ("goals", "expected"), [(["Goal/g", "Goal/h"], True), ([], True), (["Goal/g", "Goal/i"], False)]
)
def test_goal_that_is_not_the_persons_is_not_known(goals: list[str], expected: bool) -> None:
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan: Resource = {"resourceType": "CarePlan", "category": category, "goal": [{"reference": one} for one in goals]}
    assert is_all(FOUND, plan) == expected
    assert is_all(replace(FOUND, beside=(None, None, None)), plan) == (not goals)
    assert is_all(replace(FOUND, beside=()), {"resourceType": "CareTeam"})
