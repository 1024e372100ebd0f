"""What is decided reaches the hospital as RRI^I12 and closes the loop (SR-5, workflow.md 4.8; hl7v2-mapping.md 13)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_service.cli.stored_messages import look
from fhir_service.demo import messages
from fhir_service.demo.stories.p01_arne import ARNE, NEED
from fhir_service.demo.walk import Case, concept
from profiles import names
from tests.ports import free_port
from tests.waiting import until

from .conftest import Service, msa, segments
from .hospital import SENDER, Hospital


@pytest.fixture
def address() -> int:
    return free_port()


@pytest.fixture
def service(tmp_path: Path, address: int) -> Iterator[Service]:
    endpoints = tmp_path / "endpoints.json"
    endpoints.write_text(json.dumps({SENDER: {"return_address": f"127.0.0.1:{address}"}}))
    made = Service(tmp_path)
    made.environment["KNUTEPUNKT_ENDPOINTS"] = str(endpoints)
    yield made.start()
    made.end()


def referred(service: Service) -> Case:
    """Arne's case, just opened by a REF^I12."""
    ref = messages.referral(ARNE, messages.ST_OLAVS, "A-1", datetime.now(UTC).replace(microsecond=0), NEED)
    assert msa(service.exchange(ref.encode())[0])[0] == "AA"
    hub = service.hub()
    patient = hub.one("Patient", identifier=f"{names.FNR}|{ARNE.number}")
    return Case.of_patient(hub, f"Patient/{patient['id']}")


def told(case: Case) -> dict[str, str]:
    """Status of the feedback Communications by category."""
    found = case.hub.find("Communication", patient=case.patient)
    return {c["category"][0]["coding"][0]["code"]: c["status"] for c in found}


def decide(case: Case) -> None:
    case.accept()
    case.consent()
    case.assess()
    case.decide()


def to_do(case: Case) -> dict[str, tuple[str, str]]:
    """Status and business status of the Tasks `send-feedback`, by the category of what they are about."""
    tasks = case.hub.find("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|send-feedback")
    about = [(case.hub.read(t["focus"]["reference"])["category"][0]["coding"][0]["code"], t) for t in tasks]
    return {category: (t["status"], t["businessStatus"]["coding"][0]["code"]) for category, t in about}


def flags(case: Case, status: str) -> list[dict[str, Any]]:
    return case.hub.find("Flag", patient=case.patient, status=status)


def test_feedback_arrives_in_order_though_the_hospital_was_down_and_we_restarted(
    service: Service, address: int
) -> None:
    case = referred(service)
    case.register()
    decide(case)
    until(lambda: flags(case, "active"))  # nobody answers
    assert told(case) == {"receipt": "in-progress", "decision": "preparation"}  # in order: the one waits for the other
    assert to_do(case) == {"receipt": ("requested", "failed"), "decision": ("requested", "queued")}
    service.kill()
    service.start()
    case.hub = service.hub()
    hospital = Hospital(address)
    try:
        until(lambda: told(case) == {"receipt": "completed", "decision": "completed"})
    finally:
        hospital.close()
    assert set(to_do(case).values()) == {("completed", "acknowledged")}
    assert flags(case, "active") == []
    registered, decided = hospital.got
    assert [segments(m, "RF1")[0][1][0] for m in hospital.got] == ["P", "A"]
    assert {segments(m, "MSH")[0][10] for m in hospital.got} == {"T"}  # the referral was for training, so is this
    assert segments(registered, "PID")[0][3].startswith(ARNE.number)
    assert "Innvilget" in segments(decided, "NTE")[0][3]


def test_refusal_is_kept_and_leaves_the_loop_open(service: Service, address: int) -> None:
    hospital = Hospital(address)
    hospital.code, hospital.errors = "AE", "ERR|||204^Unknown key^HL70357|E\r"
    try:
        case = referred(service)
        case.register()
        until(lambda: len(hospital.got) == 1)
        hospital.code, hospital.errors = "AA", ""
        decide(case)  # what was refused does not hold up what follows
        until(lambda: told(case).get("decision") == "completed")
    finally:
        hospital.close()
    assert told(case)["receipt"] == "in-progress"
    assert to_do(case) == {"receipt": ("requested", "failed"), "decision": ("completed", "acknowledged")}
    assert len(flags(case, "active")) == 1
    assert len(hospital.got) == 2


def test_what_was_told_by_phone_meanwhile_is_not_sent(service: Service, address: int) -> None:
    case = referred(service)
    case.register()
    until(lambda: flags(case, "active"))  # nobody answers
    (task,) = case.ke.find("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|send-feedback")
    manual = concept(names.FEEDBACK_STATUS, "manual")
    case.ke.put(task, status="completed", businessStatus=manual, statusReason={"text": "Ringt"})
    assert told(case) == {"receipt": "completed"}
    assert flags(case, "active") == []
    hospital = Hospital(address)
    try:
        until(lambda: [row.state for row in look(service.database, lambda r: r.outbox())] == ["withdrawn"])
    finally:
        hospital.close()
    assert hospital.got == []
