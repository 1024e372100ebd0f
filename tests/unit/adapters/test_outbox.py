"""Deliveries from the outbox over MLLP (SR-4, SR-5; hl7v2-mapping.md 13, Sending)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.mllp import MllpServer
from adapters.outbox import OutboxWorker, Patience, judged
from fhir_service.storage import migrate, open_repository
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import Changes, Reads, Repository, Unavailable
from mappings.hl7v2.format import FORMAT
from mappings.message import Endpoint, InboundMessage, Verdict, error
from profiles import names
from tests.ports import free_port
from tests.waiting import GUARD, until_found

HOST = "127.0.0.1"
QUICK = Patience(poll=0.02, first_pause=0.02, longest_pause=0.05, answer=GUARD)
PAYLOAD = {
    "referral": {"value": "H-17"},
    "status": "P",
    "case_number": "2026-1",
    "patient": {"identifier": "15918512397", "system": names.FNR},
    "ke": {"name": "Koordinerende enhet"},
    "text": "Registrert.",
}


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass
class Partner:
    """A hospital that answers as it is told to; the last code again and again."""

    codes: list[str] = field(default_factory=lambda: ["AA"])
    heard: list[tuple[str, str]] = field(default_factory=list)
    """(MSH-10, RF1-11)"""

    async def take(self, inbound: InboundMessage) -> bytes:
        envelope = FORMAT.read(inbound, Endpoint())
        self.heard.append((envelope.control_id, envelope.content.first("RF1").value(11)))
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        issues = {"AA": (), "AE": (error("rule", "RF1", "No."),), "207": (error("temporary", "", "Later."),)}[code]
        verdict = Verdict.APPLIED if code == "AA" else Verdict.REFUSED
        return FORMAT.answer(envelope, verdict, issues, utc(), str(uuid4())).body


@dataclass
class Listening:
    """Hears how deliveries go. `text`: what each of them says now; None: nobody waits for it any more."""

    text: str | None = "Registrert."
    told_of: list[tuple[str, str]] = field(default_factory=list)

    async def sending(self, _: Outgoing) -> str | None:
        return self.text

    async def told(self, outgoing: Outgoing, state: str) -> None:
        self.told_of.append((outgoing.payload["case_number"], state))


@asynccontextmanager
async def hospital(partner: Partner) -> AsyncIterator[str]:
    server = MllpServer(partner.take, HOST, 0, utc)
    await server.start()
    try:
        yield f"{HOST}:{server.port}"
    finally:
        await server.stop()


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/outbox.db"
    migrate(url)
    return url


@asynccontextmanager
async def storing(database: str) -> AsyncIterator[Repository]:
    repository = open_repository(database, base_url="http://test/fhir", clock=utc)
    try:
        yield repository
    finally:
        await repository.close()


async def queue(repository: Repository, *rows: Outgoing) -> None:
    async def work(_: Reads) -> tuple[None, Changes]:
        return None, Changes(outgoing=rows)

    await repository.run(work)


def outgoing(case: str, destination: str = "DIPS|HUS", key: str = "plan-1", **changes) -> Outgoing:
    fixed = {"channel": "hl7v2", "kind": "RRI^I12", "created_at": utc(), "payload": {**PAYLOAD, "case_number": case}}
    return Outgoing(outgoing_id=str(uuid4()), destination=destination, order_key=key, **(fixed | changes))


async def until(repository: Repository, reached: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """State by case number, once it is as expected."""

    async def look() -> dict[str, str] | None:
        rows = await repository.outbox(50)
        states = {row.outgoing.payload["case_number"]: row.state for row in rows}
        return states if reached(states) else None

    return await until_found(look)


@asynccontextmanager
async def working(repository: Repository, addresses: dict[str, str], **more) -> AsyncIterator[OutboxWorker]:
    endpoints = {sender: Endpoint(return_address=address) for sender, address in addresses.items()}
    worker = OutboxWorker(repository, endpoints, more.pop("clock", utc), patience=QUICK, jitter=lambda: 0.5, **more)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def run(scenario: Callable) -> None:
    asyncio.run(asyncio.wait_for(scenario(), GUARD))


def test_feedback_is_delivered_in_order_and_told_to_the_listener(database):
    async def scenario():
        partner, heard = Partner(), Listening()

        async with hospital(partner) as address, storing(database) as repository:
            await queue(repository, *(outgoing(str(n)) for n in range(3)))
            async with working(repository, {"DIPS|HUS": address}, listener=heard):
                await until(repository, lambda states: set(states.values()) == {"acknowledged"})
        assert [case for _, case in partner.heard] == ["0", "1", "2"]
        assert heard.told_of == [(str(n), "acknowledged") for n in range(3)]

    run(scenario)


def test_temporary_refusal_is_repeated_under_the_same_control_id(database):
    async def scenario():
        partner = Partner(["207", "207", "AA"])
        async with hospital(partner) as address, storing(database) as repository:
            await queue(repository, outgoing("1"), outgoing("2"))
            async with working(repository, {"DIPS|HUS": address}):
                await until(repository, lambda states: set(states.values()) == {"acknowledged"})
        ids = [control_id for control_id, _ in partner.heard]
        assert [case for _, case in partner.heard] == ["1", "1", "1", "2"]
        assert len(set(ids)) == 2

    run(scenario)


def test_listener_hears_of_each_attempt_that_did_not_get_through(database):  # workflow.md 4.8: failed
    async def scenario():
        heard = Listening()
        async with hospital(Partner(["207", "AE"])) as address, storing(database) as repository:
            await queue(repository, outgoing("1"))
            async with working(repository, {"DIPS|HUS": address}, listener=heard):
                await until(repository, lambda states: states["1"] == "failed")
        assert heard.told_of == [("1", "queued"), ("1", "failed")]

    run(scenario)


def test_what_goes_says_what_was_edited_and_is_the_same_each_time(database):  # SR-3: one message, one content
    async def scenario():
        bodies = []

        async def take(inbound: InboundMessage) -> bytes:
            bodies.append(inbound.body)
            return b""

        server = MllpServer(take, HOST, 0, utc)
        await server.start()
        async with storing(database) as repository:
            await queue(repository, outgoing("1"))
            endpoints = {"DIPS|HUS": Endpoint(return_address=f"{HOST}:{server.port}")}
            for hour in range(2):  # the first one ends as by kill -9: nothing of the attempt is noted
                later = utc() + timedelta(hours=hour)
                patience = Patience(poll=0.02, answer=2 * GUARD, stop=0.05)
                heard = Listening("Ring oss.")
                worker = OutboxWorker(repository, endpoints, lambda at=later: at, heard, patience)
                worker.start()
                while len(bodies) == hour:
                    await asyncio.sleep(0.01)
                await worker.stop()
        await server.stop()
        first, second = bodies
        assert first == second
        assert b"Ring oss." in first

    run(scenario)


def test_delivery_that_nobody_can_tell_of_holds_up_no_other(database):
    class Broken(Listening):
        async def told(self, outgoing: Outgoing, state: str) -> None:
            if outgoing.payload["case_number"] == "1":
                raise RuntimeError
            await super().told(outgoing, state)

    async def scenario():
        partner = Partner()
        async with hospital(partner) as address, storing(database) as repository:
            await queue(repository, outgoing("1", key="a"), outgoing("2", key="b"))
            async with working(repository, {"DIPS|HUS": address}, listener=Broken()):
                states = await until(repository, lambda states: states["2"] == "acknowledged")
        assert states["1"] == "queued"

    run(scenario)


def test_what_nobody_waits_for_any_more_is_not_sent(database):
    async def scenario():
        partner, heard = Partner(), Listening(None)
        async with hospital(partner) as address, storing(database) as repository:
            await queue(repository, outgoing("1"))
            async with working(repository, {"DIPS|HUS": address}, listener=heard):
                states = await until(repository, lambda states: states["1"] != "queued")
        assert states == {"1": "withdrawn"}
        assert partner.heard == heard.told_of == []

    run(scenario)


def test_content_error_stops_the_message_and_not_the_queue(database):
    async def scenario():
        async with hospital(Partner(["AE", "AA"])) as address, storing(database) as repository:
            await queue(repository, outgoing("1"), outgoing("2"))
            async with working(repository, {"DIPS|HUS": address}):
                states = await until(repository, lambda states: "queued" not in states.values())
            assert states == {"1": "failed", "2": "acknowledged"}
            assert [row.last_error for row in await repository.outbox() if row.state == "failed"] == ["AE 102"]

    run(scenario)


def test_dead_receiver_delays_nobody_else_and_gets_it_when_it_is_back(database):  # SR-5
    async def scenario():
        partner, late = Partner(), Partner()
        port = free_port()
        async with hospital(partner) as alive, storing(database) as repository:
            await queue(repository, outgoing("dead", "OTHER|X"), outgoing("alive"))
            async with working(repository, {"DIPS|HUS": alive, "OTHER|X": f"{HOST}:{port}"}):
                states = await until(repository, lambda states: states["alive"] == "acknowledged")
                assert states["dead"] == "queued"
                server = MllpServer(late.take, HOST, port, utc)
                await server.start()
                await until(repository, lambda states: states["dead"] == "acknowledged")
                await server.stop()

    run(scenario)


def test_other_plans_of_a_partner_do_not_wait_for_a_delivery_that_fails(database):
    async def scenario():
        partner = Partner(["207", "AA"])
        async with hospital(partner) as address, storing(database) as repository:
            await queue(repository, outgoing("1", key="a"), outgoing("2", key="b"))
            async with working(repository, {"DIPS|HUS": address}):
                await until(repository, lambda states: set(states.values()) == {"acknowledged"})
        assert [case for _, case in partner.heard] == ["1", "2", "1"]  # in one round, whatever the pause

    run(scenario)


def test_delivery_without_a_return_address_stays_queued(database):
    async def scenario():
        async with hospital(Partner()) as address, storing(database) as repository:
            await queue(repository, outgoing("nowhere", "UNKNOWN|X"), outgoing("1"))
            async with working(repository, {"DIPS|HUS": address}):
                states = await until(repository, lambda states: states["1"] == "acknowledged")
            assert states["nowhere"] == "queued"

    run(scenario)


def test_delivery_is_parked_after_72_hours(database):  # SR-5
    async def scenario():
        async with storing(database) as repository:
            await queue(repository, outgoing("old"))
            later = utc() + timedelta(hours=73)
            async with working(repository, {"DIPS|HUS": f"{HOST}:1"}, clock=lambda: later):
                states = await until(repository, lambda states: states["old"] != "queued")
        assert states == {"old": "parked"}

    run(scenario)


def test_worker_without_any_return_address_rests(database):
    async def scenario():
        async with storing(database) as repository:
            await queue(repository, outgoing("1"))
            worker = OutboxWorker(repository, {"DIPS|HUS": Endpoint()}, utc, patience=QUICK)
            tasks = asyncio.all_tasks()
            worker.start()
            assert asyncio.all_tasks() == tasks
            await worker.stop()
            assert (await repository.outbox())[0].state == "queued"

    run(scenario)


def test_stop_does_not_wait_for_an_answer_that_does_not_come(database):  # SR-9
    async def scenario():
        heard = asyncio.Event()

        async def silent(inbound: InboundMessage) -> bytes:
            heard.set()
            return b""

        server = MllpServer(silent, HOST, 0, utc)
        await server.start()
        async with storing(database) as repository:
            await queue(repository, outgoing("1"))
            patience = Patience(poll=0.02, answer=2 * GUARD, stop=0.1)
            endpoints = {"DIPS|HUS": Endpoint(return_address=f"{HOST}:{server.port}")}
            worker = OutboxWorker(repository, endpoints, utc, patience=patience)
            worker.start()
            await heard.wait()
            await worker.stop()
            assert (await repository.outbox())[0].state == "queued"
        await server.stop()

    run(scenario)


def test_worker_outlives_a_database_that_is_away(database):  # SR-7
    class Away:
        """The repository, away for the first rounds."""

        def __init__(self, repository: Repository, failures: list[Exception]) -> None:
            self.repository, self.failures = repository, failures
            self.delivered = repository.delivered

        async def outbox(self, limit: int = 50):
            if self.failures:
                raise self.failures.pop()
            return await self.repository.outbox(limit)

    async def scenario():
        async with hospital(Partner()) as address, storing(database) as repository:
            await queue(repository, outgoing("1"))
            failures: list[Exception] = [Unavailable(), RuntimeError()]
            async with working(Away(repository, failures), {"DIPS|HUS": address}):
                states = await until(repository, lambda states: states["1"] != "queued")
        assert (failures, states) == ([], {"1": "acknowledged"})

    run(scenario)


def test_payload_that_cannot_be_written_fails_and_says_why(database):
    async def scenario():
        async with storing(database) as repository:
            await queue(repository, outgoing("1", payload={"case_number": "1"}))
            async with working(repository, {"DIPS|HUS": f"{HOST}:1"}):
                await until(repository, lambda states: states["1"] == "failed")
            assert "RRI^I12" in (await repository.outbox())[0].last_error

    run(scenario)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("MSH|^~\\&|\rMSA|AA|1", "acknowledged"),
        ("MSH|^~\\&|\rMSA|CA|1", "acknowledged"),
        ("MSH|^~\\&|\rMSA|AE|1\rERR|||207^x", "failed"),
        ("MSH|^~\\&|\rMSA|AR|1\rERR|||207^x", "queued"),
        ("MSH|^~\\&|\rMSA|CR|1\rERR|PID^1^3^207&x", "queued"),
        ("MSH|^~\\&|\rMSA|AR|1\rERR|||200^x", "failed"),
        ("MSH|^~\\&|\rMSA|AR|1", "failed"),
        ("nonsense", "queued"),
        ("MSH|^~\\&|\rMSA|AA|2", "queued"),
        ("MSH|^~\\&|\rMSA|AA|", "queued"),
        ("MSH|^~\\&|\rMSA|ZZ|1", "queued"),
    ],
)
def test_answer_decides_what_becomes_of_a_delivery(answer, state):
    assert judged(b"MSH|^~\\&|KP|KE|||20261122||RRI^I12|1|P|2.5", answer.encode()).state == state
