"""How the operations on a case, a team and a plan are called, with as little as they need."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from fhir_service.demo.walk import Case
from profiles.resource import Resource

from .scenes import Plain, Scene

Answer = httpx.Response


def case_calls(scene: Scene) -> Mapping[str, Callable[[], Answer]]:
    """Name of the operation -> its call, each on a person of its own."""

    def planned() -> tuple[Case, Resource]:
        return scene.planned(Plain(scene))

    def assessed() -> Case:
        case = scene.told()
        scene.assessed(case)
        return case

    def seen(address: Callable[[Case, Resource], str]) -> Callable[[], Answer]:
        return lambda: scene.ask("GET", address(*planned()), scene.hub)

    return {
        "completeness": seen(lambda _, plan: f"CarePlan/{plan['id']}/$completeness"),
        "diff": seen(lambda _, plan: f"CarePlan/{plan['id']}/$diff?from=1&to=2"),
        "current-plan": seen(lambda case, _: f"{case.patient}/$current-plan"),
        "coordinator": seen(lambda case, _: f"{case.patient}/$coordinator"),
        "access-log": seen(lambda case, _: f"{case.patient}/$access-log"),
        "decide": lambda: _decide(scene, assessed()),
        "appoint-coordinator": lambda: _appoint(scene, assessed()),
        "change-coordinator": lambda: _change(scene, *planned()),
        "handover": lambda: _hand_over(scene, *planned()),
        "rebase": lambda: _rebase(scene, *planned()),
    }


def _decide(scene: Scene, case: Case) -> Answer:
    maker = case.ke.post({
        "resourceType": "PractitionerRole", "active": True, "organization": {"reference": case.unit}
    })  # fmt: skip
    return _called(
        scene,
        case,
        f"Task/{case.task['id']}/$decide",
        {"name": "decision-coordinator", "valueCode": "granted"},
        {"name": "decision-plan", "valueCode": "granted"},
        {"name": "decision-maker", "valueReference": {"reference": f"PractitionerRole/{maker['id']}"}},
    )


def _appoint(scene: Scene, case: Case) -> Answer:
    Plain(scene).decide(case)
    return _called(
        scene,
        case,
        f"Task/{case.task['id']}/$appoint-coordinator",
        _reference("coordinator", case.employee(("Berg", "Kari"), case.unit, "Koordinator")),
        {"name": "person-accepts", "valueBoolean": True},
        {"name": "unit-confirms", "valueBoolean": True},
    )


def _change(scene: Scene, case: Case, plan: Resource) -> Answer:
    return _called(
        scene,
        case,
        f"{plan['careTeam'][0]['reference']}/$change-coordinator",
        _reference("coordinator", case.employee(("Lie", "Per"), case.unit, "Koordinator")),
        {"name": "reason", "valueCodeableConcept": {"text": "Permisjon"}},
    )


def _hand_over(scene: Scene, case: Case, plan: Resource) -> Answer:
    consent = case.consent("transfer")
    return _called(
        scene,
        case,
        f"CarePlan/{plan['id']}/$handover",
        _reference("to", "Organization/ke-5031"),
        _reference("consent", f"Consent/{consent['id']}"),
    )


def _rebase(scene: Scene, case: Case, plan: Resource) -> Answer:
    given = [{"name": "base", "valueString": plan["meta"]["versionId"]}, {"name": "resource", "resource": plan}]
    return scene.ask("POST", f"CarePlan/{plan['id']}/$rebase", case.coordinator, _parameters(*given))


def _called(scene: Scene, case: Case, address: str, *given: Resource) -> Answer:
    version = case.ke.read(address.rpartition("/")[0])["meta"]["versionId"]
    return scene.ask("POST", address, case.ke, _parameters(*given), if_match=f'W/"{version}"')


def _parameters(*given: Resource) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(given)}


def _reference(name: str, to: str) -> Resource:
    return {"name": name, "valueReference": {"reference": to}}
