"""Inbox and outbox: SR-1, SR-3, SR-5, SR-6, decision 36."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_service.storage.messages import InboxRow, Outgoing, Received, Settled
from fhir_service.storage.port import NOTHING, Changes, Reads, Repository, StorageError
from mappings.message import Answer, MessageKey, Verdict, error, information
from tests.contract.database import START, Database

KEY = MessageKey("DIPS|HUS", "M-1")
BYTES = b"MSH|^~\\&|DIPS|HUS\rPID|||\xe5\xff\x00"
MESSAGE = Received("m1", "hl7v2", "mllp", "DIPS HUS", "M-1", "ADT^A03", "abc", BYTES, START, KEY, charset="ISO-8859-1")
ANSWER = Answer(
    Verdict.REFUSED, "AE", b"MSA|AE\xff", (error("value", "PID-3", "No."), information("unmapped", "Z", ""))
)


async def write(repository: Repository, changes: Changes) -> None:
    async def work(_: Reads) -> tuple[None, Changes]:
        return None, changes

    await repository.run(work)


async def walked(repository: Repository) -> list[InboxRow]:
    """What recovery meets, one after another."""
    met: list[InboxRow] = []
    row = await repository.unfinished()
    while row is not None:
        met.append(row)
        row = await repository.unfinished(after=row.message_id)
    return met


async def known(repository: Repository, key: MessageKey) -> InboxRow | None:
    async def work(tx: Reads) -> tuple[InboxRow | None, Changes]:
        return await tx.message(key), NOTHING

    return await repository.run(work)


def test_received_message_is_kept_as_it_came(database: Database) -> None:  # SR-1
    database.run(lambda repository: write(repository, Changes(received=(MESSAGE,))))

    async def story(repository: Repository) -> None:
        row = await known(repository, KEY)
        assert row == InboxRow(
            message_id="m1",
            format="hl7v2",
            door="mllp",
            sender="DIPS HUS",
            control_id="M-1",
            kind="ADT^A03",
            digest="abc",
            received_at=START,
            state="received",
            attempts=0,
            answer=None,
            binary=None,
            body=BYTES,
            charset="ISO-8859-1",
        )
        assert (await repository.unfinished(),) == await repository.inbox() == (row,)
        assert await known(repository, MessageKey("DIPS|HUS", "M-2")) is None

    database.run(story)


def test_settled_message_has_its_answer_and_is_finished(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await write(repository, Changes(received=(MESSAGE,)))
        await write(repository, Changes(settled=(Settled("m1", ANSWER, START, "Binary/b1"),)))
        row = await known(repository, KEY)
        assert row
        assert (row.state, row.answer, row.binary) == ("settled", ANSWER, "Binary/b1")
        assert await repository.unfinished() is None

    database.run(story)


def test_settling_an_unknown_message_is_refused(database: Database) -> None:
    async def story(repository: Repository) -> None:
        with pytest.raises(StorageError):
            await write(repository, Changes(settled=(Settled("m1", ANSWER, START),)))

    database.run(story)


def test_message_answered_at_once_is_finished(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await write(repository, Changes(received=(replace(MESSAGE, answer=ANSWER),)))
        row = await known(repository, KEY)
        assert row
        assert (row.state, row.answer) == ("settled", ANSWER)
        assert await repository.unfinished() is None

    database.run(story)


def test_one_key_is_received_once(database: Database) -> None:  # SR-3
    async def receive(repository: Repository, message_id: str) -> bool:
        async def work(tx: Reads) -> tuple[bool, Changes]:
            if await tx.message(KEY):
                return False, NOTHING
            return True, Changes(received=(replace(MESSAGE, message_id=message_id),))

        return await repository.run(work)

    async def story(repository: Repository) -> None:
        assert sum(await asyncio.gather(*[receive(repository, f"m{i}") for i in range(20)])) == 1
        with pytest.raises(StorageError):
            await write(repository, Changes(received=(replace(MESSAGE, message_id="again"),)))
        assert len(await repository.inbox()) == 1

    database.run(story)


def test_messages_without_a_key_are_all_kept(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for i in range(3):
            await write(repository, Changes(received=(replace(MESSAGE, message_id=f"m{i}", key=None, answer=ANSWER),)))
        assert [row.message_id for row in await repository.inbox()] == ["m2", "m1", "m0"]
        assert [row.message_id for row in await repository.inbox(limit=2)] == ["m2", "m1"]
        assert await known(repository, KEY) is None

    database.run(story)


def test_attempts_are_counted_over_restarts_and_quarantine_ends_recovery(database: Database) -> None:  # SR-6
    async def receive_two(repository: Repository) -> int:
        second = replace(MESSAGE, message_id="m2", key=MessageKey("DIPS|HUS", "M-2"))
        await write(repository, Changes(received=(MESSAGE, second)))
        return await repository.attempt("m1")

    async def story(repository: Repository) -> None:
        assert await repository.attempt("m1") == 2
        assert [(r.message_id, r.attempts) for r in await walked(repository)] == [("m1", 2), ("m2", 0)]
        await repository.quarantine("m1")
        assert [r.message_id for r in await walked(repository)] == ["m2"]
        assert {r.message_id: r.state for r in await repository.inbox()} == {"m1": "quarantined", "m2": "received"}
        with pytest.raises(StorageError):
            await repository.quarantine("m1")
        with pytest.raises(StorageError):
            await repository.attempt("nothing")

    assert database.run(receive_two) == 1
    database.run(story)


def test_recovery_goes_on_where_it_was_whatever_became_of_the_message_before(database: Database) -> None:  # SR-6
    async def story(repository: Repository) -> None:
        several = [replace(MESSAGE, message_id=m, key=MessageKey("DIPS|HUS", m)) for m in ("z", "y", "x", "w", "v")]
        await write(repository, Changes(received=tuple(several)))
        assert [r.message_id for r in await walked(repository)] == ["z", "y", "x", "w", "v"]  # as they came
        await write(repository, Changes(settled=(Settled("z", ANSWER, START),)))
        await repository.quarantine("x")
        following = [await repository.unfinished(after=m) for m in ("z", "y", "x", "v")]
        assert [row and row.message_id for row in following] == ["y", "w", "w", None]

    database.run(story)


def outgoing(outgoing_id: str, destination: str = "DIPS|HUS") -> Outgoing:
    payload = {"status": "accepted", "weight": Decimal("1.10"), "texts": ["æøå"]}
    return Outgoing(outgoing_id, "hl7v2", "RRI^I12", destination, payload, "case-1", START)


def test_outbox_lists_queued_ones_in_order_then_the_others_newest_first(database: Database) -> None:  # SR-5
    async def story(repository: Repository) -> None:
        await write(repository, Changes(outgoing=tuple(outgoing(f"o{i}") for i in range(5))))
        first = (await repository.outbox())[0]
        assert (first.outgoing, first.state, first.attempts) == (outgoing("o0"), "queued", 0)
        await repository.delivered("o0", "acknowledged", b"MSH\xff", None)
        await repository.delivered("o2", "parked", b"MSH", "no answer")
        await repository.delivered("o1", "queued", b"MSH", "refused")
        rows = await repository.outbox()
        assert [(r.outgoing.outgoing_id, r.state) for r in rows] == [
            ("o1", "queued"),
            ("o3", "queued"),
            ("o4", "queued"),
            ("o2", "parked"),
            ("o0", "acknowledged"),
        ]
        assert (rows[0].attempts, rows[0].body, rows[0].last_error) == (1, b"MSH", "refused")
        await repository.delivered("o1", "failed", None, None)
        failed = next(r for r in await repository.outbox() if r.outgoing.outgoing_id == "o1")
        assert (failed.attempts, failed.body, failed.last_error) == (2, b"MSH", None)
        assert len(await repository.outbox(limit=1)) == 1
        with pytest.raises(StorageError):
            await repository.delivered("nothing", "failed", None, None)

    database.run(story)


def test_backlog_of_one_receiver_does_not_hide_another(database: Database) -> None:  # SR-5
    async def story(repository: Repository) -> None:
        await write(repository, Changes(outgoing=tuple(outgoing(f"dead{i}", "DEAD") for i in range(10))))
        await write(repository, Changes(outgoing=(outgoing("alive", "ALIVE"),)))
        rows = await repository.outbox(limit=3)
        assert [r.outgoing.outgoing_id for r in rows] == ["dead0", "alive", "dead1"]

    database.run(story)


def test_effects_and_receipt_are_one_transaction(database: Database) -> None:
    async def story(repository: Repository) -> None:
        with pytest.raises(StorageError):
            await write(repository, Changes(outgoing=(outgoing("o1"),), settled=(Settled("unknown", ANSWER, START),)))
        assert await repository.outbox() == ()

    database.run(story)


def test_secret_is_made_once_and_kept(database: Database) -> None:  # decision 39
    async def twice(repository: Repository) -> set[bytes]:
        return {await repository.secret(), await repository.secret()}

    first, again = database.run(twice), database.run(twice)
    assert first == again
    assert len(first) == 1
    assert len(first.pop()) == 32
