"""`knutepunkt send`: messages from files to a service, and what it answered."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from fhir_service.cli.acknowledgement import Acknowledgement, no_answer, read_acknowledgement, show
from fhir_service.cli.console import Problem, out
from profiles import names

DEFAULT_MLLP = "127.0.0.1:2575"
Carrier: TypeAlias = Callable[[bytes], Acknowledgement]

_HEADER = re.compile(rb"(?:\A|(?<=[\r\n\x0b]))[ \t]*(?:\xef\xbb\xbf)?MSH(?=[^\w\s])")
_ENVELOPE = re.compile(rb"(?:\A|(?<=[\r\n]))(?:FHS|BHS|BTS|FTS)(?=[^\w\s])[^\r\n]*[\r\n]*")
_BROKEN = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, EOFError)
"""A connection that was there and ended before the answer; anything else: there was none."""
_FRAME = b"\x0b\x1c \t\r\n"


def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="HL7 v2 messages; a file may hold several.")],
    mllp: Annotated[
        str,
        typer.Option(help="Where to, over MLLP: HOST:PORT.", envvar="KNUTEPUNKT_MLLP"),
    ] = DEFAULT_MLLP,
    http: Annotated[
        str | None,
        typer.Option(help="Where to, over HTTP instead: a URL; /hl7v2 is added to http://HOST:PORT."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for each answer.")] = 30.0,
) -> None:
    """Send HL7 v2 messages and print what is answered.

    The exit status is 1 when a message was refused (AE, AR) or not answered.
    """
    messages = [message for file in files for message in read_messages(file)]
    carry = over_http(http, timeout) if http else over_mllp(mllp, timeout)
    refused = 0
    for number, (label, body) in enumerate(messages, 1):
        answer = carry(body)
        place = f"{number}/{len(messages)} " if len(messages) > 1 else ""
        show(out(), place + label, answer)
        refused += not answer.accepted
    if len(messages) > 1:
        out().print(f"{len(messages)} sent: {len(messages) - refused} accepted, {refused} refused")
    if refused:
        raise typer.Exit(1)


def read_messages(file: Path) -> Iterator[tuple[str, bytes]]:
    """The messages of a file with a label each. A file without a header is one message as it is: it gets its answer."""
    try:
        body = file.read_bytes()
    except OSError as failed:
        raise Problem(f"{file} cannot be read ({failed.strerror}).") from failed
    if not body.strip(_FRAME):
        raise Problem(f"{file} is empty.")
    starts = [found.start() for found in _HEADER.finditer(body)]
    if len(starts) < 2:
        yield file.name, body.strip(b"\x0b\x1c")
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(body)], strict=True), 1):
        yield f"{file.name}[{number}]", _ENVELOPE.sub(b"", body[start:end]).strip(_FRAME) + b"\r"


def over_mllp(address: str, timeout: float) -> Carrier:
    """Carries a message to HOST:PORT in an MLLP frame and reads the answer."""
    from adapters.mllp import NoAnswer, Unreachable, exchange
    from fhir_service.settings import host_port

    try:
        host, port = host_port(address)
    except ValueError as invalid:
        raise Problem(f"--mllp: {invalid}") from invalid

    def carry(body: bytes) -> Acknowledgement:
        try:
            return read_acknowledgement(asyncio.run(exchange(host, port, body, timeout)))
        except NoAnswer as late:
            return no_answer(f"{late}; it may be sent again as it is")
        except Unreachable as lost:
            if isinstance(lost.__cause__, _BROKEN):
                return no_answer(f"{lost}; it may be sent again as it is")
            raise Problem(
                f"nobody listens at {address}: start the service (knutepunkt serve), or say where it is with --mllp."
            ) from lost

    return carry


def over_http(url: str, timeout: float) -> Carrier:
    """Carries a message by POST and reads the answer."""
    import httpx

    try:
        target = httpx.URL(url if "://" in url else f"http://{url}")
    except httpx.InvalidURL as invalid:
        raise Problem(f"--http: {url} is no URL ({invalid}).") from invalid
    if target.scheme not in ("http", "https") or not target.host:
        raise Problem(f"--http: {url} is no URL; give http://HOST:PORT.")
    if target.path in ("", "/"):
        target = target.copy_with(path="/hl7v2")
    headers = {"content-type": names.RAW_HL7V2}

    def carry(body: bytes) -> Acknowledgement:
        try:
            response = httpx.post(target, content=body, headers=headers, timeout=timeout)
        except httpx.ConnectError as refused:
            raise Problem(
                f"nobody listens at {target}: start the service (knutepunkt serve), or say where it is with --http."
            ) from refused
        except httpx.HTTPError as failed:
            return no_answer(f"{type(failed).__name__}; it may be sent again as it is")
        answer = read_acknowledgement(response.content)
        return answer if answer.code else no_answer(f"HTTP {response.status_code} without an acknowledgement")

    return carry
