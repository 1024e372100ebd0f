"""The MLLP listener and sender over loopback sockets (hl7v2-mapping.md 13; SR-4, SR-8, SR-9, SR-16, SR-31)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from adapters.mllp import Limits, MllpClient, MllpServer, NoAnswer, Unreachable, exchange
from adapters.mllp.framing import Frame, FrameReader, wrap
from mappings.hl7v2.format import FORMAT
from mappings.hl7v2.parse import parse
from mappings.message import Endpoint, InboundMessage, Verdict
from tests.waiting import GUARD, until_true

HOST = "127.0.0.1"


def now() -> datetime:
    return datetime.now(UTC)


def message(number: int | str = 1) -> bytes:
    return f"MSH|^~\\&|DIPS|HUS|||2026||ADT^A01|{number}|P|2.5\rPID|||1\r".encode()


@dataclass
class Desk:
    """Takes messages as the service does, with the same reader and answers, and keeps what came."""

    taken: list[InboundMessage] = field(default_factory=list)
    open: Callable[[], object] = lambda: True
    """Whether what came is answered by now."""

    async def take(self, inbound: InboundMessage) -> bytes:
        self.taken.append(inbound)
        await until_true(self.open)
        envelope = FORMAT.read(inbound, Endpoint())
        broken = any(issue.code == "unreadable" for issue in envelope.issues)
        verdict, issues = (Verdict.REFUSED, envelope.issues) if broken else (Verdict.APPLIED, ())
        return FORMAT.answer(envelope, verdict, issues, now(), str(uuid4())).body


@asynccontextmanager
async def listening(desk: Desk, limits: Limits | None = None) -> AsyncIterator[MllpServer]:
    server = MllpServer(desk.take, HOST, 0, now, limits or Limits())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def converse(server: MllpServer, *pieces: bytes, answers: int, pause: float = 0) -> list[tuple[str, str]]:
    """Send pieces as they are and read so many answers as (MSA-1, MSA-2); fewer when the connection ends."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    frames, found = FrameReader(1_000_000), []
    with suppress(ConnectionError):  # a connection that is closed on what it has not read yet ends with a reset
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(GUARD):
            while len(found) < answers and (data := await reader.read(65_536)):
                found += [event.body for event in frames.feed(data) if isinstance(event, Frame)]
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return [said(answer) for answer in found]


def said(answer: bytes) -> tuple[str, str]:
    msa = parse(answer, Endpoint())[0].first("MSA")
    return msa.value(1), msa.field(2)


def run(scenario: Callable) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 2 * GUARD))


def test_message_in_pieces_is_answered():
    async def scenario():
        async with listening(Desk()) as server:
            framed = wrap(message(7))
            assert await converse(server, framed[:1], framed[1:9], framed[9:], answers=1, pause=0.01) == [("AA", "7")]

    run(scenario)


def test_several_frames_in_one_piece_are_answered_in_order():  # SR-4
    async def scenario():
        desk = Desk()
        async with listening(desk) as server:
            several = b"".join(wrap(message(n)) for n in range(50))
            assert await converse(server, several, answers=50) == [("AA", str(n)) for n in range(50)]
            assert [m.door for m in desk.taken] == ["mllp"] * 50

    run(scenario)


def test_messages_of_one_frame_are_answered_one_by_one():
    async def scenario():
        async with listening(Desk()) as server:
            assert await converse(server, wrap(message(1) + message(2)), answers=2) == [("AA", "1"), ("AA", "2")]

    run(scenario)


def test_batch_in_a_frame_is_answered_by_a_batch():
    async def scenario():
        async with listening(Desk()) as server:
            body = b"BHS|^~\\&|A|B|C|D\r" + message(1) + message(2) + b"BTS|2\r"
            answer = await exchange(HOST, server.port, body, GUARD)
            assert answer.startswith(b"BHS|^~\\&|C|D|A|B|")
            assert answer.count(b"\rMSA|AA|") == 2
            assert answer.endswith(b"BTS|2\r")

    run(scenario)


def test_twenty_connections_are_served_beside_each_other():
    async def scenario():
        desk = Desk()
        desk.open = lambda: len(desk.taken) == 20
        async with listening(desk) as server:
            answers = await asyncio.gather(*(exchange(HOST, server.port, message(n), GUARD) for n in range(20)))
            assert [said(answer) for answer in answers] == [("AA", str(n)) for n in range(20)]

    run(scenario)


def test_bad_bytes_are_answered_and_the_connection_goes_on():  # SR-16
    async def scenario():
        async with listening(Desk()) as server:
            pieces = [b"noise", wrap(b"GARBAGE"), wrap(b"\xff\xfe\x00"), wrap(message(3))]
            assert await converse(server, *pieces, answers=3) == [("AR", ""), ("AR", ""), ("AA", "3")]

    run(scenario)


def test_frame_cut_off_by_another_is_kept_and_refused_and_not_answered():
    async def scenario():
        desk = Desk()
        async with listening(desk) as server:
            assert await converse(server, b"\x0b" + message(1)[:40], wrap(message(1)), answers=1) == [("AA", "1")]
            first, second = desk.taken
            assert FORMAT.read(first, Endpoint()).key is None
            assert second.body == message(1)

    run(scenario)


def test_frame_above_the_limit_is_refused_and_the_connection_goes_on():  # SR-8
    async def scenario():
        desk = Desk()
        async with listening(desk, Limits(max_frame=1000)) as server:
            big = wrap(message(9) + b"OBX|" + b"x" * 200_000)
            assert await converse(server, big, wrap(message(2)), answers=2) == [("AR", "9"), ("AA", "2")]
            assert len(desk.taken) == 1

    run(scenario)


def test_http_is_refused_and_the_connection_closed():
    async def scenario():
        async with listening(Desk()) as server:
            assert await converse(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", answers=2) == [("AR", "")]

    run(scenario)


def test_slow_loris_is_shown_out():
    async def scenario():
        desk = Desk()
        async with listening(desk, Limits(frame_timeout=0.2)) as server:
            assert await converse(server, b"\x0bMSH", b"|", b"^", b"~", b"\\", answers=1, pause=0.06) == []
            assert desk.taken == []

    run(scenario)


def test_idle_connection_is_closed():
    async def scenario():
        async with listening(Desk(), Limits(idle_timeout=2)) as server:
            assert await converse(server, wrap(message(1)), answers=2) == [("AA", "1")]

    run(scenario)


def test_connections_above_the_limit_are_closed_at_once():  # SR-8
    async def scenario():
        async with (
            listening(Desk(), Limits(max_connections=1)) as server,
            MllpClient(HOST, server.port, GUARD) as client,
        ):
            assert said(await client.send(message(1))) == ("AA", "1")
            with pytest.raises(Unreachable):
                await exchange(HOST, server.port, message(2), GUARD)
            assert said(await client.send(message(3))) == ("AA", "3")

    run(scenario)


def test_stop_finishes_and_answers_the_message_in_work():  # SR-9
    async def scenario():
        desk, stopping = Desk(), asyncio.Event()
        desk.open = stopping.is_set
        server = MllpServer(desk.take, HOST, 0, now)
        await server.start()
        port = server.port
        idle_reader, idle_writer = await asyncio.open_connection(HOST, port)
        pending = asyncio.create_task(converse(server, wrap(message(1)) + wrap(message(2)), answers=2))
        await until_true(lambda: desk.taken)
        stopped = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        stopping.set()
        await stopped
        assert await pending == [("AA", "1")]
        assert await idle_reader.read() == b""
        idle_writer.close()
        await idle_writer.wait_closed()
        with pytest.raises(Unreachable):
            await exchange(HOST, port, message(3), GUARD)

    run(scenario)


def test_stop_gives_up_on_a_message_that_takes_too_long():
    async def scenario():
        desk = Desk(open=lambda: False)
        server = MllpServer(desk.take, HOST, 0, now, Limits(stop_timeout=0.1))
        await server.start()
        pending = asyncio.create_task(exchange(HOST, server.port, message(1), GUARD))
        await until_true(lambda: desk.taken)
        await server.stop()
        with pytest.raises(Unreachable):
            await pending

    run(scenario)


def test_plain_mllp_listens_on_loopback_only():  # SR-31
    with pytest.raises(ValueError, match="loopback"):
        MllpServer(Desk().take, "0.0.0.0", 0, now)  # noqa: S104


# Sending


@asynccontextmanager
async def receiver(*answers: bytes, speaks: asyncio.Event | None = None) -> AsyncIterator[int]:
    """A partner that says what it is told to, whatever comes; nothing before `speaks`."""

    speaking: set[asyncio.Task[None]] = set()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        speaking.add(asyncio.current_task())
        while await reader.read(65_536):
            if speaks:
                await speaks.wait()
            writer.write(b"".join(wrap(answer) for answer in answers))
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(speak, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.wait(speaking)


def ack(of: str) -> bytes:
    return f"MSH|^~\\&|A|B|C|D|2026||ACK|x{of}|P|2.5\rMSA|AA|{of}\r".encode()


def test_answer_to_another_message_is_passed_over():  # SR-4
    async def scenario():
        async with receiver(ack("1"), ack("2")) as port:
            assert said(await exchange(HOST, port, message(2), GUARD)) == ("AA", "2")

    run(scenario)


def test_late_answer_never_matches_because_the_connection_is_closed():  # SR-4
    async def scenario():
        speaks = asyncio.Event()
        async with receiver(ack("1"), speaks=speaks) as port, MllpClient(HOST, port, 1) as client:
            with pytest.raises(NoAnswer):
                await client.send(message(1))
            speaks.set()
            with pytest.raises(NoAnswer):
                await client.send(message(2))

    run(scenario)


def test_message_without_a_header_takes_whatever_is_answered():
    async def scenario():
        async with receiver(ack("")) as port:
            assert said(await exchange(HOST, port, b"GARBAGE", GUARD)) == ("AA", "")

    run(scenario)


def test_one_connection_carries_many_messages():
    async def scenario():
        desk = Desk()
        async with listening(desk) as server, MllpClient(HOST, server.port, GUARD) as client:
            answers = await asyncio.gather(*(client.send(message(n)) for n in range(10)))
            assert [said(answer) for answer in answers] == [("AA", str(n)) for n in range(10)]

    run(scenario)


def test_nobody_listening_is_told_as_unreachable():
    async def scenario():
        with pytest.raises(Unreachable):
            await exchange(HOST, 1, message(1), GUARD)

    run(scenario)
