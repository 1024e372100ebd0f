"""P2: the page of a plan that comes into use (workflow.md 4.6, domain.md 2.2 a-i, decision 19)."""

from base64 import b64decode
from typing import Any

import pytest

from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests.unit.rules.world import COORDINATOR, goal, patient, plan, world_at

WHO = {"reference": "Organization/school", "display": "Vika skole"}
SECTOR = {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": "school"}}


def pages(*beside: Resource, **elements: Any) -> dict[str, str]:
    """Language -> the page of the plan with these elements, made in the transaction that activates it."""
    world = world_at("drafted")
    world.resources |= {f"{one['resourceType']}/{one['id']}": one for one in beside}
    world.change(plan(), status="active", **elements)
    (document,) = [d for d in world.of("DocumentReference") if d.get("type", {}).get("coding")]
    assert document["context"]["related"] == [{"reference": "CarePlan/plan"}]
    told = [content["attachment"] for content in document["content"]]
    return {one["language"]: b64decode(one["data"]).decode() for one in told}


def activity(**detail: Any) -> list[Resource]:
    return [
        {
            "id": "tiltak-1",
            "extension": [SECTOR],
            "detail": {"status": "scheduled", "performer": [COORDINATOR], **detail},
        }
    ]


def test_page_tells_the_plan_in_three_languages() -> None:
    told = pages()
    assert set(told) == {"nb", "nn", "en"}
    for text in ("Arne Prøvesen", "Tilbake i arbeid", "Fysioterapi", "Kari Nordmann"):
        assert all(text in page for page in told.values())
    assert ("20.05.2027" in told["nb"], "Ansvarleg" in told["nn"], "2027-05-20" in told["en"]) == (True, True, True)


def test_page_has_no_address_and_no_national_number() -> None:
    """workflow.md 4.10: what is protected by chance is protected always."""
    for page in pages().values():
        assert "15918512397" not in page
        assert "5001" not in page


def test_what_people_write_is_text_and_nothing_else() -> None:
    page = pages(title="<script>alert(1)</script>", description='"><img src=x onerror=alert(1)>')["nb"]
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("scheduled", "told"),
    [
        ({"scheduledString": "To ganger i uka"}, "To ganger i uka"),
        ({"scheduledPeriod": {"start": "2026-12-01", "end": "2027-02-01"}}, "01.12.2026 - 01.02.2027"),
        ({"scheduledPeriod": {"start": "2026-12-01"}}, "fra 01.12.2026"),
        ({"scheduledPeriod": {"end": "2027-02-01"}}, "til 01.02.2027"),
        ({"scheduledTiming": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk"}}}, "3 × per uke"),
        ({"scheduledTiming": {"repeat": {"frequency": 1, "period": 2, "periodUnit": "mo"}}}, "1 × per 2 måneder"),
        ({"scheduledTiming": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "h"}}}, "1 × per time"),
        ({"scheduledTiming": {"code": {"text": "Hver onsdag"}}}, "Hver onsdag"),
    ],
)
def test_extent_is_told_however_it_is_stated(scheduled: Resource, told: str) -> None:
    page = pages(activity=activity(description="Trening", **scheduled))["nb"]
    assert f"Omfang: {told}" in page


def test_measure_tells_what_who_and_how() -> None:
    measure = activity(code={"text": "Logoped"}, description="Øver på samtaler", performer=[WHO])
    assert "Logoped. Ansvarlig: Vika skole. Slik gjøres det: Øver på samtaler" in pages(activity=measure)["nb"]


def test_who_is_responsible_by_a_role_is_told_by_name() -> None:
    holder = {"reference": "Practitioner/siv"}
    unit = {"reference": "Organization/rehab", "display": "Rehabilitering"}
    role = {"resourceType": "PractitionerRole", "id": "fysio", "practitioner": holder, "organization": unit}
    siv = {"resourceType": "Practitioner", "id": "siv", "name": [{"family": "Moe", "given": ["Siv"]}]}
    measure = activity(description="Trening", performer=[{"reference": "PractitionerRole/fysio"}])
    assert "Trening. Ansvarlig: Siv Moe" in pages(role, siv, activity=measure)["nb"]
    assert "Trening. Ansvarlig: Rehabilitering" in pages(role, activity=measure)["nb"]


def test_page_that_tells_of_a_step_hidden_from_representatives_is_hidden_from_them() -> None:
    label = {"system": names.LABEL, "code": "hidden-from-representative"}
    step = {"resourceType": "Task", "id": "h", "owner": WHO, "description": "Samtale", "meta": {"security": [label]}}
    world = world_at("drafted")
    world.resources["Task/h"] = step
    by_step = [{"id": "tiltak-1", "extension": [SECTOR], "reference": {"reference": "Task/h"}}]
    world.change(plan(), status="active", activity=[*activity(description="Trening"), *by_step])
    (document,) = [d for d in world.of("DocumentReference") if d.get("type", {}).get("coding")]
    assert document["meta"]["security"][0]["code"] == "hidden-from-representative"


def test_coded_measure_of_somebody_who_is_not_named_here() -> None:
    code = {"coding": [{"system": "urn:x", "code": "1", "display": "Støttekontakt"}]}
    measure = activity(code=code, performer=[{"reference": "Organization/far"}])
    assert "Støttekontakt. Ansvarlig: Uten navn her" in pages(activity=measure)["nb"]


def test_measure_told_elsewhere_is_called_what_it_is_there() -> None:
    world = world_at("drafted")
    request = {
        "resourceType": "ServiceRequest", "id": "fysio", "status": "active", "intent": "plan",
        "subject": {"reference": "Patient/arne"}, "code": {"text": "Fysioterapi hjemme"}, "performer": [COORDINATOR],
    }  # fmt: skip
    world.write(request)
    there = {"id": "t", "extension": [SECTOR], "reference": {"reference": "ServiceRequest/fysio"}}
    world.change(plan(), status="active", activity=[there])
    (document,) = [d for d in world.of("DocumentReference") if d.get("type", {}).get("coding")]
    page = b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert "Fysioterapi hjemme. Ansvarlig: Kari Nordmann" in page


def test_contributions_and_needs_are_told() -> None:
    parts = [{"url": "who", "valueReference": WHO}, {"url": "what", "valueString": "Lærer med seg"}]
    given = [
        *plan()["extension"],
        {"url": names.IP_CONTRIBUTION, "extension": parts},
        {"url": names.IP_CONTRIBUTION, "extension": parts[1:]},
    ]
    page = pages(extension=given, description="Liker musikk")["nb"]
    assert "<li>Vika skole: Lærer med seg</li><li>Lærer med seg</li>" in page
    assert "<li>Liker musikk</li>" in page


@pytest.mark.parametrize("hidden", ["goal", "plan", "activity"])
def test_page_with_something_hidden_from_the_representative_is_hidden_from_them(hidden: str) -> None:
    label = concept(names.LABEL, "hidden-from-representative")["coding"][0]
    world = world_at("drafted")
    labelled: Resource = {}
    if hidden == "goal":
        world.write(goal(meta={"security": [label]}))
    elif hidden == "plan":
        labelled = {"meta": {"security": [label]}}
    else:
        marked = {
            **activity(description="Trening")[0],
            "extension": [SECTOR, {"url": names.IP_SECTOR, "valueCoding": label}],
        }
        labelled = {"activity": [marked]}
    world.change(plan(), status="active", **labelled)
    (document,) = [d for d in world.of("DocumentReference") if d.get("type", {}).get("coding")]
    assert document["meta"]["security"] == [label]


def test_person_without_birth_date_has_none_on_the_page() -> None:
    world = world_at("drafted")
    world.write({k: v for k, v in patient().items() if k != "birthDate"})
    world.change(plan(), status="active")
    (document,) = [d for d in world.of("DocumentReference") if d.get("type", {}).get("coding")]
    assert "Født" not in b64decode(document["content"][0]["attachment"]["data"]).decode()
