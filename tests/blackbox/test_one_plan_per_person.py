"""INV-01 over real sockets: SR-12, SR-14, decision 35."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fhir_service.demo import messages
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.stories.p01_arne import ARNE
from fhir_service.demo.walk import Case
from profiles import names

from .conftest import Service, msa

NUMBER = "01911560042"


def ready_for_a_plan(hub: Hub) -> tuple[Case, dict, dict]:
    """Somebody with coordinator and consent, and no plan yet."""
    patient = person(hub, (names.FNR, NUMBER), ("Vik", "Ane"), "2015-11-01", "female")
    hub.post(need(patient, reporter(hub, "Skolen"), "4601", "obtained-written", "Mange tjenester"))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    return case, case.appoint(("Lie", "Ola")), consent


def plan_body(hub: Hub, case: Case, team: dict, consent: dict) -> dict:
    """A draft that is good to be posted again by others."""
    stored = case.draft_plan(team, consent, "Bo hjemme", ["Avlastning"])
    return {k: v for k, v in stored.items() if k not in ("id", "meta", "identifier")}


def test_second_plan_gets_409_also_under_another_patient(service: Service) -> None:
    hub = service.hub()
    case, team, consent = ready_for_a_plan(hub)
    body = plan_body(hub, case, team, consent)
    other = person(hub, (names.FNR, NUMBER), ("Vik", "Ane M."), "2015-11-01", "female")
    for subject in (case.patient, other, f"{service.fhir}/{other}"):
        answer = httpx.post(f"{service.fhir}/CarePlan", json={**body, "subject": {"reference": subject}})
        assert answer.status_code == 409
        assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "duplicate-plan"
    by_number = {"type": "Patient", "identifier": {"system": names.FNR, "value": NUMBER}}
    answer = httpx.post(f"{service.fhir}/CarePlan", json={**body, "subject": by_number})
    assert answer.status_code == 409


def test_twenty_parallel_creators_make_exactly_one_plan(service: Service) -> None:
    hub = service.hub()
    case, team, consent = ready_for_a_plan(hub)
    body = plan_body(hub, case, team, consent)
    first = hub.one("CarePlan", patient=case.patient)
    reason = {
        "url": names.IP_STATUS_REASON,
        "valueCodeableConcept": {"coding": [{"system": names.STATUS_REASON, "code": "abandoned"}]},
    }
    hub.put(first, status="revoked", extension=[*first["extension"], reason])
    other = person(hub, (names.FNR, NUMBER), ("Vik", "Ane M."), "2015-11-01", "female")

    def create(number: int) -> int:
        subject = {"reference": case.patient if number % 2 else other}
        return httpx.post(f"{service.fhir}/CarePlan", json={**body, "subject": subject}).status_code

    with ThreadPoolExecutor(20) as pool:
        assert Counter(pool.map(create, range(20))) == {201: 1, 409: 19}
    for record in (case.patient, other):  # either record finds what is the person's
        assert [p["status"] for p in hub.find("CarePlan", patient=record)].count("draft") == 1


@pytest.mark.parametrize("copies", [20])
def test_discharge_sent_in_parallel_has_one_effect_and_one_answer(service: Service, copies: int) -> None:
    hub = service.hub()
    now = datetime.now(UTC).replace(microsecond=0)
    hub.send(messages.admission(ARNE, messages.ST_OLAVS, "A-1", now - timedelta(days=2)))
    a03 = messages.discharge(ARNE, messages.ST_OLAVS, "A-1", (now - timedelta(days=2), now), "rehab|Lian").encode()
    with ThreadPoolExecutor(copies) as pool:
        answers = set(pool.map(lambda _: service.exchange(a03)[0], range(copies)))
    assert len(answers) == 1  # SR-3
    assert msa(answers.pop())[0] == "AA"
    stay = hub.one("Encounter", status="finished")
    assert stay["meta"]["versionId"] == "2"
    assert len(hub.find("Provenance", target=f"Encounter/{stay['id']}")) == 2
