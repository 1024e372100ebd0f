"""The main job, end to end, over real sockets (domain.md 11, person 1)."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx

from fhir_service.demo import messages
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.stories.p01_arne import ARNE, MEASURES, NEED
from fhir_service.demo.walk import Case
from profiles import names

from .conftest import Service, msa

OSLO = ZoneInfo("Europe/Oslo")


def test_arne_from_admission_to_rehabilitation(service: Service) -> None:
    hub = service.hub()
    now = datetime.now(UTC).replace(microsecond=0)
    admitted = now - timedelta(days=5)
    a01 = messages.admission(ARNE, messages.ST_OLAVS, "A-1", admitted, "I63.9^Hjerneinfarkt^I10")
    ref = messages.referral(ARNE, messages.ST_OLAVS, "A-1", admitted, NEED)
    assert [msa(a)[0] for a in service.exchange(a01.encode(), ref.encode())] == ["AA", "AA"]

    patient = hub.one("Patient", identifier=f"{names.FNR}|{ARNE.number}")
    arne = f"Patient/{patient['id']}"
    stay = hub.one("Encounter", patient=arne)
    assert stay["status"] == "in-progress"
    request = hub.one("ServiceRequest", patient=arne)
    assert (request["status"], request["intent"]) == ("active", "proposal")
    assert request["encounter"]["reference"] == f"Encounter/{stay['id']}"
    case = Case.of_patient(hub, arne)
    assert case.task["status"] == "requested"
    assert case.task["focus"]["reference"] == f"ServiceRequest/{request['id']}"
    assert case.task["owner"]["reference"] == "Organization/ke-5001"
    received = datetime.fromisoformat(case.task["authoredOn"]).astimezone(OSLO).date()
    due = datetime.fromisoformat(case.task["restriction"]["period"]["end"]).astimezone(OSLO).date()
    assert (due - received).days == 28
    provenance = hub.one("Provenance", target=f"ServiceRequest/{request['id']}")
    raw = hub.read(provenance["entity"][0]["what"]["reference"])
    assert b64decode(raw["data"]) == ref.encode()

    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Berg", "Kari"))
    plan = case.activate(case.draft_plan(team, consent, "Tilbake i jobb", MEASURES))

    found = httpx.get(
        f"{service.fhir}/CarePlan",
        params=[
            ("patient", arne),
            ("category", f"{names.PLAN_CATEGORY}|individuell-plan"),
            ("_include", "CarePlan:care-team"),
            ("_include", "CarePlan:goal"),
        ],
    ).json()
    kinds = sorted((e["resource"]["resourceType"], e["search"]["mode"]) for e in found["entry"])
    assert kinds == [("CarePlan", "match"), ("CareTeam", "include"), ("Goal", "include")]

    a03 = messages.discharge(ARNE, messages.ST_OLAVS, "A-1", (admitted, now), "rehab|Lian rehabilitering").encode()
    first, again = service.exchange(a03, a03)
    assert msa(first)[0] == "AA"
    assert again == first  # SR-3: the same acknowledgement, byte for byte
    stay = hub.read(f"Encounter/{stay['id']}")
    assert stay["status"] == "finished"
    assert stay["hospitalization"]["destination"]["display"]
    told = hub.find("Task", patient=arne, code=f"{names.KE_TASK_CODE}|person-discharged")
    assert [t["owner"]["reference"] for t in told] == [team["participant"][0]["member"]["reference"]]
    assert hub.read(f"CarePlan/{plan['id']}") == plan  # untouched


def test_need_over_fhir_opens_the_same_case_as_the_referral(shared_service: Service) -> None:
    hub = shared_service.hub()
    now = datetime.now(UTC).replace(microsecond=0)
    by_message = messages.Person("05859018132", "Ås", "Pål", "19900505", "M", "Gate 2", "7011", "Trondheim", "5001")
    hub.send(messages.referral(by_message, messages.ST_OLAVS, "B-1", now, NEED))
    by_fhir = person(hub, (names.FNR, "15918512397"), ("Ås", "Per"), "1985-11-15", "male")
    hub.post(need(by_fhir, reporter(hub, "St. Olavs hospital"), "5001", "unknown", NEED))
    first = hub.one("Patient", identifier=f"{names.FNR}|{by_message.number}")
    cases = [Case.of_patient(hub, p).task for p in (f"Patient/{first['id']}", by_fhir)]
    shapes = [{k: v for k, v in task.items() if k in COMPARED} for task in cases]
    assert shapes[0] == shapes[1]
    assert set(cases[0]) ^ set(cases[1]) <= {"encounter"}  # only a stay has one


COMPARED = {"status", "businessStatus", "intent", "code", "owner", "priority"}
