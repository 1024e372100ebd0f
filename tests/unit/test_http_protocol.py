"""What HTTP clients may do to a connection, and for how long (SR-8, SR-16, SR-17)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from fhir_service.http_protocol import HttpProtocol
from tests.waiting import GUARD, until_true

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HUGE = b"x" * 20_000_000
HEADERS = {
    "/whole": [(b"content-length", b"5"), (b"x-a", b"b")],
    "/broken": [(b"content-length", b"5"), (b"x-a", b"b\r\nx-c: d")],
    "/too-long": [(b"content-length", b"4")],
    "/chunked": [(b"transfer-encoding", b"chunked")],
    "/closing": [(b"content-length", b"5"), (b"connection", b"close")],
}
"""What the application says of an answer, by path."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Sends back the body that it was sent; to GET /huge something large; to /early an answer before the body."""
    if scope["type"] != "http":
        return
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] in HEADERS:
        body = b"whole"
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS.get(scope["path"], [])})
    await send({"type": "http.response.body", "body": HUGE if scope["path"] == "/huge" else body})


def told(*talks: Talk) -> list[Any]:
    """What comes of talks to one server, all at once."""

    async def story() -> list[Any]:
        config, state = uvicorn.Config(app, log_level="critical"), ServerState()
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: HttpProtocol(config, state, {}, loop), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def one(talk: Talk) -> Any:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await talk(reader, writer)
            finally:
                writer.close()

        try:
            async with asyncio.timeout(GUARD):
                return list(await asyncio.gather(*map(one, talks)))
        finally:
            for connection in list(state.connections):
                connection.transport.abort()
            server.close()
            await asyncio.sleep(0)

    return asyncio.run(story())


def sending(*pieces: bytes, pause: float = 0) -> Talk:
    """Sends the pieces and reads to the end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        try:
            return await reader.read()
        except ConnectionError:
            return b"reset"

    return talk


def status(answer: bytes) -> bytes:
    return answer[9:12]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.http_protocol.LOOK_SECONDS", 1.0)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[HttpProtocol]:
    """Those that were made."""
    made: list[HttpProtocol] = []
    connected = HttpProtocol.connection_made

    def noted(self: HttpProtocol, transport: asyncio.Transport) -> None:
        made.append(self)
        connected(self, transport)

    monkeypatch.setattr(HttpProtocol, "connection_made", noted)
    return made


@pytest.mark.usefixtures("soon")
def test_client_that_sends_no_whole_head_is_let_go() -> None:
    slow = [b"GET / HTTP/1.1\r\n", *[b"X-A: y\r\n"] * 3]
    silent, half, slowly = told(sending(b""), sending(GET[:10]), sending(*slow, pause=0.05))
    assert silent == b""
    assert (status(half), status(slowly)) == (b"408", b"408")
    assert b"application/fhir+json" in half
    assert b"OperationOutcome" in half


def test_client_that_goes_on_asking_is_kept(connections: list[HttpProtocol]) -> None:
    async def asking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        for _ in range(10):
            writer.write(GET)
            assert b"200" in await reader.readline()
            await reader.readuntil(b"0\r\n\r\n")
            connections[0]._look()
        return 10

    assert told(asking) == [10]


@pytest.mark.usefixtures("soon")
def test_client_that_does_not_take_its_answer_is_let_go(connections: list[HttpProtocol]) -> None:
    async def lazy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(GET.replace(b"/ ", b"/huge "))
        await until_true(lambda: connections[0].transport.is_closing())
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        try:
            return f"{len(await reader.read())}"
        except ConnectionResetError:
            return "reset"

    (end,) = told(lazy)
    assert end == "reset" or int(end) < len(HUGE)


def test_body_that_goes_on_long_after_its_answer_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.http_protocol.MOST_UNREAD", 100_000)
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"2710\r\n" + b"x" * 10_000 + b"\r\n"

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(head)
        answered = b"200" in await reader.readline()
        try:
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            return answered

    assert told(endless) == [True]


def test_one_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.http_protocol.MAX_CONNECTIONS", 2)

    refused_one = asyncio.Event()

    async def held(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bytes:
        ended, other = asyncio.create_task(reader.read()), asyncio.create_task(refused_one.wait())
        await asyncio.wait((ended, other), return_when=asyncio.FIRST_COMPLETED)
        refused_one.set()
        if ended.done():
            return ended.result()
        ended.cancel()
        return b"kept"

    answers = told(held, held, held)
    assert sorted(answers)[1:] == [b"kept", b"kept"]
    refused = sorted(answers)[0]
    assert status(refused) == b"503"
    assert b"retry-after: 2" in refused
    assert b"OperationOutcome" in refused


@pytest.mark.parametrize("offer", [b"h2c", b"websocket", b"foo"])
@pytest.mark.parametrize("cut", [0, 30, 60])
def test_offer_of_another_protocol_loses_no_body(offer: bytes, cut: int) -> None:  # RFC 9110 7.8
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: " + offer
    body = b"Upgrade: h2c\r\n\r\n"
    wire = head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    (answer,) = told(sending(wire[:cut], wire[cut:], pause=0.02))
    assert status(answer) == b"200"
    assert body in answer


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n"])
def test_request_without_one_host_is_refused(hosts: bytes) -> None:  # RFC 9112 3.2
    (answer,) = told(sending(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n"))
    assert status(answer) == b"400"
    (old,) = told(sending(b"GET / HTTP/1.0\r\n\r\n"))
    assert status(old) == b"200"


def test_answer_leaves_as_the_application_made_it() -> None:
    last = b"Connection: close\r\n\r\n"
    asked = [b"GET %b HTTP/1.1\r\nHost: x\r\n" % path.encode() + last for path in ("/whole", "/chunked", "/closing")]
    whole, chunked, closing = told(*map(sending, asked))
    assert whole == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\nconnection: close\r\n\r\nwhole"
    assert chunked.endswith(b"\r\n\r\n5\r\nwhole\r\n0\r\n\r\n")
    assert closing.count(b"connection: close") == 1
    assert closing.endswith(b"whole")


def test_answers_to_requests_sent_at_once_come_in_their_order() -> None:
    one = GET.replace(b"GET /", b"GET /whole")
    (answers,) = told(sending(one * 3 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    assert answers.count(b"whole") == 3
    assert answers.endswith(b"0\r\n\r\n")


def test_head_without_its_body_is_what_head_asks_for() -> None:  # RFC 9110 9.3.2
    (answer,) = told(sending(b"HEAD /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert b"content-length: 5" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_header_with_a_line_break_is_not_sent() -> None:  # SR-16
    broken, too_long = told(*[sending(GET.replace(b"/ ", path + b" ")) for path in (b"/broken", b"/too-long")])
    assert status(broken) == b"500"
    assert b"x-c" not in broken
    assert b"whole" not in too_long


class Clock:
    """A loop of which only the time goes on."""

    now = 100.0

    def __init__(self) -> None:
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        self.later.append((self.now + seconds, callback))
        return cast(asyncio.TimerHandle, object())


class Kept(asyncio.Transport):
    """A connection that somebody keeps open."""

    closed = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def test_connection_is_closed_when_it_was_idle_for_a_while_and_not_before() -> None:
    config = uvicorn.Config(app, log_level="critical", timeout_keep_alive=5)
    clock, kept = Clock(), Kept()
    protocol = HttpProtocol(config, ServerState(), {}, clock)  # type: ignore[arg-type]
    protocol.connection_made(kept)
    clock.later.clear()
    protocol.on_response_complete()
    clock.now += 3
    protocol._unset_keepalive_if_required()  # a request has come
    clock.now += 2
    (_, look) = clock.later.pop()
    look()
    assert not kept.closed
    protocol.on_response_complete()
    clock.now += 4
    (_, look) = clock.later.pop()
    look()
    assert not kept.closed
    assert clock.later[0][0] == pytest.approx(clock.now + 1)
    clock.now += 1
    look()
    assert kept.closed
    protocol.on_response_complete()  # of a connection that is ending
    assert len(clock.later) == 1
