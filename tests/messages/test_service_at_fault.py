"""Whatever goes wrong inside, the sender gets an answer and keeps its copy: SR-4, SR-16."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_service.storage import indexing, migrate, open_repository
from fhir_service.workflow import Ground, Ingest
from mappings.hl7v2.format import FORMAT
from mappings.message import Endpoint, Envelope, InboundMessage, MessageFormat, Translation
from profiles.routing import national
from tests.messages.conftest import Hospital, message, pid, pv1

BODY = message("ADT^A01^ADT_A01", "202611201000", "PID|1||1^^^X^MR", "PV1|1|I").encode()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def broken_reading(message: InboundMessage, endpoint: Endpoint) -> Envelope:
    if message.body:
        raise RuntimeError("a bug")
    return FORMAT.read(message, endpoint)


def broken_meaning(_: Envelope, __: Endpoint) -> Translation:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("form", [replace(FORMAT, read=broken_reading), replace(FORMAT, translate=broken_meaning)])
def test_fault_of_ours_is_a_temporary_refusal(tmp_path: Path, form: MessageFormat) -> None:
    async def take() -> bytes:
        url = f"sqlite:///{tmp_path}/knutepunkt.db"
        migrate(url)
        repository = open_repository(url, base_url="http://x/fhir", clock=lambda: NOW)
        ingest = Ingest(repository, Ground("http://x/fhir", national()), {"hl7v2": form}, {}, lambda: NOW)
        try:
            return await ingest.take(InboundMessage("hl7v2", "mllp", BODY, NOW))
        finally:
            await repository.close()

    answer = asyncio.run(take()).decode()
    assert "\rMSA|AR|" in answer
    assert "|207^" in answer
    assert "a bug" not in answer


def test_message_that_would_write_too_much_is_refused_for_good(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SR-8: the sender is told to correct it, and gets the same answer when it sends it again."""
    admission = message("ADT^A01^ADT_A01", "202611201000", pid("15918512397"), pv1("MUCH1"), control="MUCH1").encode()
    monkeypatch.setattr(indexing, "MOST_ROWS", 20)
    answer = hospital.raw(admission)
    assert "\rMSA|AE|MUCH1" in answer
    assert "100,000 values" in answer
    monkeypatch.undo()
    assert hospital.raw(admission) == answer
    assert not hospital.find("Encounter", identifier="MUCH1")
    assert not hospital.rest.get("Patient?_summary=count").json()["total"]
