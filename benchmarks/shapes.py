"""What is asked of the service: one row a shape, spread over all patients of the set."""

import json

import population
from load import Request
from population import NUMBERS, PLANS, TASKS

ACTIVE = "/fhir/CarePlan?subject=Patient/p-{n}&status=active&_count=20"
PAGE = "/fhir/CarePlan?category=urn:bench|c{n}&_count=50&_include=CarePlan:subject"
CHAINED = f"/fhir/CarePlan?subject:Patient.identifier={NUMBERS}|N{{n}}&_count=20"
NEWEST = "/fhir/Task?owner=Organization/bench-ke&status=requested&_sort=-_lastUpdated&_count=20"


def _plan(**more: str) -> dict:
    """A plan of the patient `{p}`."""
    plan = population.care_plan(0)
    del plan["id"]
    return {**plan, **more, "subject": {"reference": "Patient/p-{p}"}, "careTeam": [{"reference": "CareTeam/ct-{p}"}]}


def _transaction() -> str:
    entry = {"resource": _plan(), "request": {"method": "POST", "url": "CarePlan"}}
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 5})


def shapes(resources: int) -> dict[str, tuple[Request, ...]]:
    """Name -> the requests it consists of, each as often as its `weight` says."""
    patients = population.patients_in(resources)
    plans = patients * PLANS
    read = Request("GET", "/fhir/CarePlan/cp-{n}", modulo=plans)
    create = Request("POST", "/fhir/CarePlan", json.dumps(_plan()), modulo=patients)
    update = Request("PUT", "/fhir/CarePlan/cp-{n}", json.dumps(_plan(id="cp-{n}")), modulo=plans, per=PLANS)
    gone = Request("DELETE", "/fhir/Task/t-{n}", modulo=patients * TASKS)
    return {
        "read by id": (read,),
        "search subject+status, 20": (Request("GET", ACTIVE, modulo=patients),),
        "token page of 50, include": (Request("GET", PAGE, modulo=50),),
        "chained identifier": (Request("GET", CHAINED, modulo=patients),),
        "newest-first Task list, 20": (Request("GET", NEWEST),),
        "create": (create,),
        "update": (update,),
        "transaction of 5": (Request("POST", "/fhir", _transaction(), modulo=patients),),
        "mixed C10:R60:U25:D5": (
            create.weighing(10),
            read.weighing(60),
            update.weighing(25),
            gone.weighing(5),
        ),
    }
