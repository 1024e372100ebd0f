"""INV-03 and the slots of workflow.md 6.2, one by one."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from fhir_service.rules import Context, Settings, Standing, judge
from fhir_service.rules._completeness import ADVISED, MANDATORY, Looked, gaps
from profiles import names
from profiles.code_systems import codes
from profiles.resource import Resource
from profiles.routing import national
from tests.unit.rules.world import COORDINATOR, NOW, World, consent, goal, plan, world_at

CONTRIBUTION = {"url": names.IP_CONTRIBUTION, "extension": [{"url": "what", "valueString": "Trening hjemme"}]}


def full() -> Resource:
    made = plan(
        description="Ressurser og behov",
        period={"start": "2026-11-22", "end": "2027-11-22"},
        extension=[*plan()["extension"], CONTRIBUTION],
    )
    made["activity"][0]["detail"]["scheduledString"] = "Fem ganger i uken"
    return made


def empty(given: Resource, *more: Resource, settings: Settings | None = None, drop: str = "") -> list[str]:
    resources = deepcopy(world_at("drafted").resources)
    resources.pop(drop, None)
    resources |= {f"{r['resourceType']}/{r['id']}": r for r in more}
    context = Context(NOW, NOW.date(), national(), settings or Settings())
    looked = Looked(given, Standing("person", resources), context)
    return [gap.slot for gap in gaps(looked, MANDATORY + ADVISED)]


def test_full_plan_has_no_gap() -> None:
    assert empty(full()) == []


def test_bare_plan_lacks_every_slot_that_there_is() -> None:
    bare = {k: v for k, v in plan().items() if k in ("resourceType", "id", "status", "subject")}
    found = empty(bare, drop="Consent/consent") + empty(full() | {"activity": [{"detail": {"status": "scheduled"}}]})
    assert set(found) == codes(names.COMPLETENESS_SLOT)


@pytest.mark.parametrize(
    ("elements", "slot"),
    [
        ({"goal": [{"reference": "Goal/unknown"}]}, "goals"),
        ({"description": None}, "needs-resources"),
        ({"careTeam": [{"reference": "CareTeam/unknown"}]}, "coordinator"),
        ({"period": {"start": "2026-11-22"}}, "plan-period"),
        ({"extension": [CONTRIBUTION]}, "review"),
    ],
)
def test_slot_is_empty_without_its_element(elements: dict[str, Any], slot: str) -> None:
    assert slot in empty(full() | elements)


def test_goal_contained_in_the_plan_counts() -> None:
    inside = goal("inside")
    assert empty(full() | {"contained": [inside], "goal": [{"reference": "#inside"}]}) == []


@pytest.mark.parametrize(
    ("activity", "is_somebodys"),
    [
        ({"reference": {"reference": "Appointment/a"}}, True),
        ({"reference": {"reference": "Task/t"}}, True),
        ({"reference": {"reference": "Task/unknown"}}, False),
        ({"reference": {"display": "Noe"}}, False),
        ({"detail": {"status": "scheduled", "performer": [COORDINATOR]}}, True),
    ],
)
def test_measure_is_somebodys_by_performer_or_by_what_it_refers_to(activity: Resource, is_somebodys: bool) -> None:
    task = {"resourceType": "Task", "id": "t", "owner": COORDINATOR}
    assert ("measure-responsible" not in empty(full() | {"activity": [activity]}, task)) == is_somebodys


@pytest.mark.parametrize(
    ("review", "birth_date", "is_review"),
    [
        ("2026-11-22", "1971-11-15", False),  # not in the future
        ("2027-11-22", "1971-11-15", True),
        ("2027-11-23", "1971-11-15", False),  # 12 months for an adult (decision 6)
        ("2027-05-22", "2014-02-15", True),
        ("2027-05-23", "2014-02-15", False),  # 6 months for a child
    ],
)
def test_review_lies_within_the_interval_of_the_municipality(review: str, birth_date: str, is_review: bool) -> None:
    person = {"resourceType": "Patient", "id": "arne", "birthDate": birth_date}
    given = full() | {"extension": [CONTRIBUTION, {"url": names.IP_NEXT_REVIEW, "valueDate": review}]}
    assert ("review" not in empty(given, person)) == is_review


def test_longest_interval_is_a_setting() -> None:
    given = full() | {"extension": [CONTRIBUTION, {"url": names.IP_NEXT_REVIEW, "valueDate": "2027-05-20"}]}
    assert "review" in empty(given, settings=replace(Settings(), review_months_adult=3))


def test_oral_consent_is_a_setting() -> None:
    def codes_of(asked: Resource, *, oral: bool) -> list[str]:
        context = Context(NOW, NOW.date(), national(), replace(Settings(), oral_consent=oral))
        world = World()
        return [i.at for i in judge([world.draft(asked)], Standing("person", {}), context).issues]

    assert codes_of(consent(), oral=True) == []
    assert codes_of(consent(), oral=False) == ["Consent.source[x]"]
    written = consent() | {"sourceReference": {"reference": "DocumentReference/scan"}}
    assert codes_of(written, oral=False) == []
