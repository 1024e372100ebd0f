"""What is asked of the service: one row a shape. `{n}` in a path or body counts up, modulo what the set has."""

import json

import population
from load import Request
from population import NUMBERS, PLANS, TASKS

ACTIVE = "/fhir/CarePlan?subject=Patient/p-{n}&status=active&_count=20"
PAGE = "/fhir/CarePlan?category=urn:bench|c{n}&_count=50&_include=CarePlan:subject"
CHAINED = f"/fhir/CarePlan?subject:Patient.identifier={NUMBERS}|N{{n}}&_count=20"
NEWEST = "/fhir/Task?owner=Organization/bench-ke&status=requested&_sort=-_lastUpdated&_count=20"


def _plan(of: int) -> dict:
    plan = population.care_plan(0)
    del plan["id"]
    return {**plan, "subject": {"reference": f"Patient/p-{of}"}, "careTeam": [{"reference": f"CareTeam/ct-{of}"}]}


def _transaction() -> str:
    entry = {"resource": _plan(0), "request": {"method": "POST", "url": "CarePlan"}}
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 5})


def _update() -> str:
    return json.dumps({**_plan(0), "id": "cp-{n}"})


def shapes(resources: int) -> dict[str, tuple[Request, ...]]:
    """Name -> the requests it consists of, each as often as its `weight` says."""
    patients = population.patients_in(resources)
    plans = patients * PLANS
    read = Request("GET", "/fhir/CarePlan/cp-{n}", modulo=plans)
    create = Request("POST", "/fhir/CarePlan", json.dumps(_plan(0)))
    update = Request("PUT", "/fhir/CarePlan/cp-{n}", _update(), modulo=plans)
    gone = Request("DELETE", "/fhir/Task/t-{n}", modulo=patients * TASKS)
    return {
        "read by id": (read,),
        "search subject+status, 20": (Request("GET", ACTIVE, modulo=patients),),
        "token page of 50, include": (Request("GET", PAGE, modulo=50),),
        "chained identifier": (Request("GET", CHAINED, modulo=patients),),
        "newest-first Task list, 20": (Request("GET", NEWEST),),
        "create": (create,),
        "update": (update,),
        "transaction of 5": (Request("POST", "/fhir", _transaction()),),
        "mixed C10:R60:U25:D5": (
            create.weighing(10),
            read.weighing(60),
            update.weighing(25),
            gone.weighing(5),
        ),
    }
