"""kill -9 at any moment, restart, SIGTERM: SR-1, SR-3, SR-9."""

import os
import random
import threading
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from fhir_service.demo import messages
from fhir_service.demo.stories.p01_arne import ARNE
from profiles import names
from tests.waiting import until

from .conftest import Service, msa

KILLS = int(os.environ.get("KNUTEPUNKT_KILLS", "3"))
STREAMS = 4


class Sender(threading.Thread):
    """Sends messages or creates, and remembers what was acknowledged."""

    def __init__(self, service: Service, over_rest: bool) -> None:
        super().__init__(daemon=True)
        self.service, self.over_rest = service, over_rest
        self.acknowledged: list[tuple[str, bytes]] = []
        self.unanswered: list[tuple[str, bytes]] = []

    def run(self) -> None:
        while True:
            visit = f"V-{uuid4().hex[:12]}"
            body = self._message(visit)
            try:
                if self.over_rest:
                    answer = httpx.post(f"{self.service.fhir}/Encounter", content=body, headers=JSON)
                    assert answer.status_code == 201
                else:
                    assert msa(self.service.exchange(body)[0])[0] == "AA"
            except (OSError, httpx.TransportError):
                self.unanswered.append((visit, body))
                return
            self.acknowledged.append((visit, body))

    def _message(self, visit: str) -> bytes:
        if not self.over_rest:
            return messages.admission(ARNE, messages.ST_OLAVS, visit, datetime.now(UTC)).encode()
        return (
            '{"resourceType":"Encounter","status":"planned","class":{"code":"IMP"},'
            f'"identifier":[{{"system":"urn:test:visit","value":"{visit}"}}]}}'
        ).encode()


JSON = {"content-type": "application/fhir+json"}


def begin(batch: list[Sender], acknowledged: int) -> None:
    """Let them send, until so much was acknowledged."""
    for sender in batch:
        sender.start()
    until(lambda: sum(len(sender.acknowledged) for sender in batch) >= acknowledged, pause=0.005)


def test_kill_9_under_load_loses_and_doubles_nothing(service: Service) -> None:
    moments = random.Random(20261122)  # noqa: S311 - only where the kill falls
    senders: list[Sender] = []
    for _ in range(KILLS):
        batch = [Sender(service, over_rest=n % 2 == 1) for n in range(STREAMS)]
        begin(batch, acknowledged=moments.randrange(10, 100))
        service.kill()
        for sender in batch:
            sender.join()
        senders += batch
        service.start()
    acknowledged = [visit for sender in senders for visit, _ in sender.acknowledged]
    assert acknowledged
    hub = service.hub()
    lost = [visit for visit in acknowledged if len(hub.find("Encounter", identifier=visit)) != 1]
    assert lost == []
    for sender in senders:  # what got no answer is sent again by its sender: one effect, whatever became of the first
        for visit, body in sender.unanswered:
            if not sender.over_rest:
                assert msa(service.exchange(body)[0])[0] == "AA"
                assert len(hub.find("Encounter", identifier=visit)) == 1
    assert len(hub.find("Patient", identifier=f"{names.FNR}|{ARNE.number}")) == 1


def test_sigterm_under_load_ends_in_time_and_loses_nothing(service: Service) -> None:
    batch = [Sender(service, over_rest=n % 2 == 1) for n in range(STREAMS)]
    begin(batch, acknowledged=40)
    service.stop()
    for sender in batch:
        sender.join()
    service.start()
    acknowledged = [visit for sender in batch for visit, _ in sender.acknowledged]
    assert acknowledged
    hub = service.hub()
    assert [v for v in acknowledged if len(hub.find("Encounter", identifier=v)) != 1] == []
