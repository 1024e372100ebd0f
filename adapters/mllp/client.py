"""Sending over MLLP: one message, one answer, told apart by MSA-2 (hl7v2-mapping.md 13, Sending; SR-4)."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import structlog

from adapters.mllp.framing import Frame, FrameReader, wrap
from mappings.hl7v2.parse import Hl7Message, parse
from mappings.message import Endpoint

log = structlog.get_logger()

_CHUNK: Final = 65_536
_MAX_ANSWER: Final = 1_000_000


class MllpError(Exception):
    """Root of what sending raises.

    MllpError
    +-- Unreachable   nobody listens there, or the connection broke before the answer
    +-- NoAnswer      no answer in time
    """


class Unreachable(MllpError):
    """The message may or may not have arrived."""


class NoAnswer(MllpError):
    """The message may or may not have arrived; the connection is closed, so that a late answer matches nothing."""


class MllpClient:
    """A connection that is made when it is needed and kept; one message in work at a time."""

    def __init__(self, host: str, port: int, timeout: float = 30) -> None:
        """`timeout`: seconds for connecting and for each answer."""
        self._address = (host, port)
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._frames = FrameReader(_MAX_ANSWER)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send(self, body: bytes) -> bytes:
        """Send a message and return the answer whose MSA-2 is its MSH-10. Raises Unreachable, NoAnswer."""
        async with self._turn:
            done = False
            try:
                async with asyncio.timeout(self._timeout):
                    answer = await self._exchange(body)
            except TimeoutError as error:
                raise NoAnswer(f"no answer within {self._timeout:g} s") from error
            except (OSError, asyncio.IncompleteReadError) as error:
                raise Unreachable(f"the connection failed: {type(error).__name__}") from error
            else:
                done = True
                return answer
            finally:
                if not done:
                    await self.close()

    async def close(self) -> None:
        """Let go of the connection; the next message makes a new one."""
        if self._streams is None:
            return
        _, writer = self._streams
        self._streams = None
        self._frames = FrameReader(_MAX_ANSWER)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _exchange(self, body: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        expected = control_id_of(body)
        writer.write(wrap(body))
        await writer.drain()
        while data := await reader.read(_CHUNK):
            for answer in (event.body for event in self._frames.feed(data) if isinstance(event, Frame)):
                if not expected or _answered_id(answer) in (expected, ""):
                    return answer
                log.warning("answer to another message passed over")
        raise ConnectionResetError


async def exchange(host: str, port: int, body: bytes, timeout: float = 30) -> bytes:
    """Send one message over a connection of its own and return the answer. Raises Unreachable, NoAnswer."""
    async with MllpClient(host, port, timeout) as client:
        return await client.send(body)


def control_id_of(body: bytes) -> str:
    """MSH-10; empty when there is none to match."""
    content = _parsed(body)
    return content.control_id if content else ""


def _answered_id(answer: bytes) -> str:
    """MSA-2; empty when the receiver could not read our header."""
    content = _parsed(answer)
    msa = content.first("MSA") if content else None
    return msa.field(2).strip() if msa else ""


def _parsed(body: bytes) -> Hl7Message | None:
    return parse(body, Endpoint())[0]
