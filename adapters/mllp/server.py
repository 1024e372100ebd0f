"""The MLLP listener: frames in, answers out, each connection strictly in order (hl7v2-mapping.md 13; SR-4, SR-8, SR-9).

While a message is in work nothing more is read from its connection, so that a fast sender waits (TCP back-pressure)
and no queue grows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ssl import SSLContext
from typing import Final, TypeAlias
from uuid import uuid4

import structlog

from adapters.mllp.framing import Abandoned, Event, Frame, FrameReader, Http, Noise, TooLarge, wrap
from mappings.hl7v2 import batch
from mappings.hl7v2.format import FORMAT
from mappings.message import Endpoint, InboundMessage, Issue, Verdict, error

log = structlog.get_logger()

Take: TypeAlias = Callable[[InboundMessage], Awaitable[bytes]]
"""Answers one message; an empty answer is not sent."""
Clock: TypeAlias = Callable[[], datetime]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CHUNK: Final = 65_536
_TOO_LARGE: Final = error("too-large", "MSH", "The message is too large to be received here.")
_HTTP: Final = error("unreadable", "MSH", "This port speaks MLLP, not HTTP.")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sender may use; times in seconds."""

    max_frame: int = 10_000_000
    max_connections: int = 256
    idle_timeout: float = 600
    frame_timeout: float = 60
    write_timeout: float = 60
    stop_timeout: float = 8


DEFAULT_LIMITS: Final = Limits()


class MllpServer:
    """Listens on one address and hands every message to `take`."""

    def __init__(
        self,
        take: Take,
        host: str,
        port: int,
        clock: Clock,
        limits: Limits = DEFAULT_LIMITS,
        tls: SSLContext | None = None,
    ) -> None:
        """`port` 0: any free one. Without `tls` it listens on loopback only: plain v2 has no authentication (SR-31)."""
        if tls is None and host not in LOOPBACK:
            raise ValueError(f"MLLP without TLS listens on loopback only, not on {host}")
        self._address = (host, port)
        self._tls = tls
        self._door = _Door(take, clock, limits)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._stopping = False

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._server is None:
            return self._address[1]
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, *, shared: bool = False) -> None:
        """Begin to listen; `shared`: beside other processes of ours. Raises OSError when the address is taken."""
        self._server = await asyncio.start_server(
            self._connected, *self._address, ssl=self._tls, limit=_CHUNK, reuse_port=shared or None
        )

    async def stop(self) -> None:
        """Stop accepting, finish and answer the messages in work, close. What else was sent is not acknowledged."""
        if self._server is None:
            return
        self._stopping = True
        self._server.close()
        for connection in self._connections:
            connection.stop()
        tasks = [connection.task for connection in self._connections]
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=self._door.limits.stop_timeout)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._stopping or len(self._connections) >= self._door.limits.max_connections:
            log.warning("mllp connection refused", open=len(self._connections))
            await _closed(writer)
            return
        connection = _Connection(self._door, reader, writer, task)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


@dataclass(frozen=True, slots=True)
class _Door:
    """What all connections share."""

    take: Take
    clock: Clock
    limits: Limits

    def message(self, body: bytes) -> InboundMessage:
        return InboundMessage("hl7v2", "mllp", body, self.clock())

    def refuse(self, head: bytes, issue: Issue) -> bytes:
        """The answer to something that is not taken, as far as its header can be read."""
        envelope = FORMAT.read(self.message(head), Endpoint())
        return FORMAT.answer(envelope, Verdict.REFUSED, (issue,), self.clock(), str(uuid4())).body


class _Connection:
    """One sender's connection."""

    def __init__(
        self, door: _Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: "asyncio.Task[None]"
    ) -> None:
        self.task = task
        self._door = door
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader(door.limits.max_frame)
        self._frame_began = 0.0
        self._waiting = False
        self._stopping = False

    async def run(self) -> None:
        """Read and answer until the sender is done, too slow, or we stop."""
        try:
            while data := await self._read():
                await self._answer(data)
        except TimeoutError:
            log.warning("mllp connection timed out", inside_frame=self._frames.inside)
        except ConnectionError:
            log.info("mllp connection lost")
        finally:
            await _closed(self._writer)

    def stop(self) -> None:
        """End after the message in work; at once when there is none."""
        self._stopping = True
        if self._waiting:
            self._writer.close()

    async def _read(self) -> bytes:
        """The next bytes; empty at the end of the stream and when we stop. Raises TimeoutError."""
        if self._stopping:
            return b""
        limits = self._door.limits
        left = limits.idle_timeout
        if self._frames.inside:
            left = self._frame_began + limits.frame_timeout - asyncio.get_running_loop().time()
        self._waiting = True
        try:
            async with asyncio.timeout(left):
                data = await self._reader.read(_CHUNK)
        finally:
            self._waiting = False
        return b"" if self._stopping else data

    async def _answer(self, data: bytes) -> None:
        was_inside = self._frames.inside
        events = self._frames.feed(data)
        if events or not was_inside:
            self._frame_began = asyncio.get_running_loop().time()
        for event in events:
            if not self._stopping:
                await self._handle(event)

    async def _handle(self, event: Event) -> None:
        match event:
            case Frame(body):
                await self._send(await self._taken(body))
            case TooLarge(head):
                log.warning("mllp frame too large", limit=self._door.limits.max_frame)
                await self._send([self._door.refuse(head, _TOO_LARGE)])
            case Abandoned(body):
                log.warning("mllp frame cut off by another", size=len(body))
                await self._door.take(self._door.message(body))
            case Http():
                log.warning("http on the mllp port")
                await self._send([self._door.refuse(b"", _HTTP)])
                self._stopping = True
            case Noise(count):
                log.warning("bytes outside of mllp frames", count=count)

    async def _taken(self, body: bytes) -> list[bytes]:
        """The answers to the messages of a frame, one after another; one answer batch to a batch."""
        several = batch.split(body)
        answers = [await self._door.take(self._door.message(one)) for one in several.messages]
        return [batch.join(several, answers, self._door.clock(), str(uuid4()))] if several.header else answers

    async def _send(self, answers: list[bytes]) -> None:
        frames = b"".join(wrap(answer) for answer in answers if answer)
        if not frames:
            return
        self._writer.write(frames)
        async with asyncio.timeout(self._door.limits.write_timeout):
            await self._writer.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
