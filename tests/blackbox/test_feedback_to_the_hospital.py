"""What is decided reaches the hospital as RRI^I12 and closes the loop (SR-5, workflow.md 4.8; hl7v2-mapping.md 13)."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_service.demo import messages
from fhir_service.demo.stories.p01_arne import ARNE, NEED
from fhir_service.demo.walk import Case
from profiles import names
from tests.ports import free_port
from tests.waiting import until

from .conftest import END, START, Service, msa, read_frame, segments

SENDER = "DIPS|St. Olavs hospital^883974832^ENH"


class Hospital:
    """The hospital's own MLLP receiver. `code`: MSA-1 of its answers; `errors`: ERR segments of them."""

    def __init__(self, port: int) -> None:
        self.code, self.errors = "AA", ""
        self.got: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        with connection:
            while True:
                try:
                    body = read_frame(connection)
                except OSError:
                    return
                self.got.append(body)
                control = segments(body, "MSH")[0][9]
                ack = f"MSH|^~\\&|DIPS|StO|KNUTEPUNKT|KE|20261122||ACK|A{len(self.got)}|P|2.5\r"
                connection.sendall(START + f"{ack}MSA|{self.code}|{control}\r{self.errors}".encode() + END)

    def close(self) -> None:
        # Without this the thread that waits in accept keeps the port open.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


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


def feedback_task(case: Case) -> dict[str, Any]:
    return case.hub.one("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|send-feedback")


def test_feedback_arrives_in_order_though_the_hospital_was_down_and_we_restarted(
    service: Service, address: int
) -> None:
    case = referred(service)
    case.register()
    decide(case)
    assert told(case) == {"receipt": "in-progress", "decision": "in-progress"}
    assert feedback_task(case)["status"] == "requested"
    service.kill()
    service.start()
    case.hub = service.hub()
    hospital = Hospital(address)
    try:
        until(lambda: told(case) == {"receipt": "completed", "decision": "completed"})
    finally:
        hospital.close()
    task = feedback_task(case)
    assert task["status"] == "completed"
    assert task["output"][0]["valueReference"]["reference"].startswith("Communication/")
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
    assert len(hospital.got) == 2
