"""The process dies at a named point of a message, once per kind of message (SR-1, SR-3, SR-6; "How to test these")."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_service import crash_point
from fhir_service.cli.stored_messages import look
from fhir_service.demo import messages
from fhir_service.demo.stories.p01_arne import ARNE, NEED
from fhir_service.storage.messages import InboxRow
from tests.waiting import GUARD

from .conftest import Service, err_codes, msa

CRASHED = 70
NOW = datetime.now(UTC).replace(microsecond=0)
ADMITTED = NOW - timedelta(days=2)
A01 = messages.admission(ARNE, messages.ST_OLAVS, "V-1", ADMITTED, "I63.9^Hjerneinfarkt^I10")
A03 = messages.discharge(ARNE, messages.ST_OLAVS, "V-1", (ADMITTED, NOW), "rehab|Lian")
KINDS = {
    "A01": A01,
    "A02": A01.replace("A01", "A02"),
    "A03": A03,
    "A08": A01.replace("A01", "A08"),
    "A11": A01.replace("A01", "A11"),
    "A13": A03.replace("A03", "A13"),
    "I12": messages.referral(ARNE, messages.ST_OLAVS, "V-1", NOW, NEED),
}
BOUND = {"A01": "received", "A02": "uncommitted", "A03": "unanswered", "A08": "received", "A11": "uncommitted",
         "A13": "unanswered", "I12": "uncommitted"}  # fmt: skip
ALL = os.environ.get("KNUTEPUNKT_CRASHES") == "all"
PAIRS = [(kind, point) for kind in KINDS for point in crash_point.POINTS if ALL or BOUND[kind] == point]
"""Every kind at one point each; all of them at all points with KNUTEPUNKT_CRASHES=all."""


def inbox(service: Service) -> list[InboxRow]:
    return list(look(service.database, lambda repository: repository.inbox()))


def crash(service: Service, body: bytes, point: str) -> None:
    """Let the process die at the point while it works on the message."""
    service.environment[crash_point.VARIABLE] = point
    service.start()
    with pytest.raises(OSError):
        service.exchange(body)
    assert service.process
    assert service.process.wait(GUARD) == CRASHED
    del service.environment[crash_point.VARIABLE]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Not started yet."""
    made = Service(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize(("kind", "point"), PAIRS)
def test_message_is_finished_at_start_and_the_resend_gets_its_answer(service: Service, kind: str, point: str) -> None:
    body = KINDS[kind].encode()
    crash(service, body, point)
    service.start()
    (row,) = inbox(service)
    assert row.state == "settled"  # before anybody sends it again
    assert row.answer
    hub = service.hub()
    before = hub.find("Provenance")
    assert len(before) == 1
    answer = service.exchange(body)[0]
    assert msa(answer) == ("AA", body.decode().split("|")[9])
    assert answer == row.answer.body
    assert hub.find("Provenance") == before
    assert [stay["meta"]["versionId"] for stay in hub.find("Encounter")] == ["1"]


def test_message_on_which_the_process_died_twice_is_set_aside(service: Service) -> None:
    poison, other = KINDS["I12"].encode(), A01.encode()
    crash(service, poison, crash_point.UNCOMMITTED)
    service.environment[crash_point.VARIABLE] = crash_point.UNCOMMITTED  # it kills the recovery, too
    assert service.spawn().wait(GUARD) == CRASHED
    service.start()  # the variable still stands: no crash loop
    (row,) = inbox(service)
    assert (row.state, row.body) == ("quarantined", poison)
    answer = service.exchange(poison)[0]  # its sender tries again: told, and the process lives
    assert (msa(answer)[0], err_codes(answer)) == ("AE", ["207"])
    service.stop()
    service.environment.clear()
    service.start()
    assert [msa(a)[0] for a in service.exchange(poison, other)] == ["AE", "AA"]  # nothing waits behind it
    assert {r.state for r in inbox(service)} == {"quarantined", "settled"}
