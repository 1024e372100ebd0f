"""What a second plan is told to whom: SR-29, workflow.md 8 (`duplicate-plan`)."""

import asyncio
from typing import Any

from fhir_service.rules import Draft
from fhir_service.sight import Sight
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Stored
from fhir_service.workflow.known import Known
from fhir_service.workflow.relations import told_of_duplicates
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import encode
from profiles import names
from profiles.issues import error
from profiles.resource import Resource

BASE = "http://knutepunkt.test/fhir"
NARROWED = Access("granted", lambda table: table.c.rid == "1", {}, Sight(organization="Organization/other"))
PLAN: Resource = {
    "resourceType": "CarePlan",
    "status": "active",
    "subject": {"reference": "Patient/1"},
    "category": [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}],
}


class OnePlan:
    """Reads of a person who has a plan; `visible`: whether the caller sees it."""

    def __init__(self, visible: bool) -> None:
        self._visible = visible

    async def get_many(self, references: Any, **_: object) -> dict[tuple[str, str], Stored]:
        return {(rtype, rid): _stored(rtype, rid, {"resourceType": rtype}) for rtype, rid in references}

    async def of_persons(self, _persons: object, _rtypes: object) -> tuple[Stored, ...]:
        return (_stored("CarePlan", "first", {**PLAN, "id": "first"}),)

    async def persons(self, _: object) -> dict[Any, str]:
        return {}

    async def seen(self, references: Any, _: object) -> frozenset[Any]:
        return frozenset(references) if self._visible else frozenset()


def _stored(rtype: str, rid: str, resource: Resource) -> Stored:
    return Stored(rtype, rid, 1, 0, encode(resource), False, "person", {})


def told(visible: bool, access: Access) -> tuple[str, list[tuple[str, str]]]:
    """The text of the refusal, and whom KE hears of and why."""
    reads: Any = OnePlan(visible)
    draft = Draft("CarePlan", "second", {**PLAN, "id": "second"})
    issue = error("duplicate-plan", "CarePlan", "There is a plan")
    known = Known(reads, access)
    found, notices = asyncio.run(told_of_duplicates(known, [(issue, draft.reference)], [Wanted(draft)], BASE))
    return found[0][0].text, [(notice.who, notice.why) for notice in notices]


def test_whoever_sees_the_plan_is_told_which_it_is() -> None:
    assert told(True, NARROWED) == ("There is a plan (CarePlan/first)", [])


def test_whoever_does_not_is_told_to_ask_and_ke_hears_of_it() -> None:
    text, notices = told(False, NARROWED)
    assert "Contact the koordinerende enhet" in text
    assert "first" not in text
    assert notices == [("Organization/other", "duplicate-plan")]


def test_other_refusals_are_told_as_they_are() -> None:
    issue = error("second-coordinator", "CareTeam", "There is a coordinator")
    reads: Any = OnePlan(False)
    found, notices = asyncio.run(told_of_duplicates(Known(reads, EVERYTHING), [(issue, "CareTeam/1")], (), BASE))
    assert ([one for one, _ in found], notices) == ([issue], ())
