"""Whatever bytes come in a frame, it is answered, in its turn, and the process lives (SR-4, SR-8, SR-16).

`KNUTEPUNKT_FRAMES` says how many, `KNUTEPUNKT_SEED` which ones.
"""

import os
import random
import socket
from collections.abc import Callable

import httpx

from tests.golden import cases
from tests.waiting import GUARD

from .conftest import END, START, Service, msa, read_frame
from .test_bad_messages import A01, CONTROL_ID

FRAMES = int(os.environ.get("KNUTEPUNKT_FRAMES", "300"))
SEED = int(os.environ.get("KNUTEPUNKT_SEED", "20261122"))
PER_CONNECTION = 25
ODD = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b'""', b"\\X0D\\", b"\\X",
       b"\\.br\\", b"\xc3", b"\xed\xa0\x80", b"9" * 5000, b"(" * 500, b"%s%n", b"'; DROP TABLE inbox;--", b"\r\rPID|",
       b"\rMSH|^~\\&|", b"20260230", b"NaN", b"\xf0\x9f\xa7\xa0" * 50, "\u202e\u0000".encode())  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def _insert(chance: random.Random, body: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(ODD) + body[at:]


def _cut(chance: random.Random, body: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(body) + 1) for _ in range(2))
    return body[:first] + body[last:]


def _flip(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _shuffle_segments(chance: random.Random, body: bytes) -> bytes:
    segments = body.split(b"\r")
    chance.shuffle(segments)
    return b"\r".join(segments)


def _swap_field(chance: random.Random, body: bytes) -> bytes:
    segments = [s.split(b"|") for s in body.split(b"\r")]
    row = chance.choice(segments)
    row[chance.randrange(len(row))] = chance.choice(ODD) * chance.randrange(1, 3)
    return b"\r".join(b"|".join(s) for s in segments)


def _other_delimiters(chance: random.Random, body: bytes) -> bytes:
    return body.replace(b"|^~\\&", bytes(chance.randrange(1, 256) for _ in range(chance.randrange(7))), 1)


def _repeat(chance: random.Random, body: bytes) -> bytes:
    segment = chance.choice(body.split(b"\r"))
    return body + (segment + b"\r") * chance.randrange(1, 200)


def _noise(chance: random.Random, _body: bytes) -> bytes:
    return chance.randbytes(chance.randrange(400))


def _recoded(chance: random.Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(("utf-16", "cp1252", "utf-8-sig", "utf-32")), "replace")


MUTATIONS: tuple[Mutation, ...] = (
    _insert, _cut, _flip, _shuffle_segments, _swap_field, _other_delimiters, _repeat, _noise, _recoded
)  # fmt: skip


def malformed(number: int) -> list[bytes]:
    """Messages of the golden cases, each spoilt in one to three ways; no frame mark in them."""
    chance = random.Random(SEED)  # noqa: S311 - reproducible, not secret
    bases = [(case / "input.hl7").read_bytes() for case in cases()]
    frames = []
    for _ in range(number):
        body = chance.choice(bases)
        for _ in range(chance.randrange(1, 4)):
            body = chance.choice(MUTATIONS)(chance, body)
        frames.append(body.translate(None, b"\x0b\x1c"))
    return frames


def test_every_complete_frame_is_answered_in_order_whatever_is_in_it(service: Service) -> None:
    frames = malformed(FRAMES)
    for first in range(0, len(frames), PER_CONNECTION):
        with socket.create_connection(("127.0.0.1", service.mllp_port), timeout=GUARD) as connection:
            for number, frame in enumerate(frames[first : first + PER_CONNECTION], first):
                probe = f"PROBE-{number}"
                connection.sendall(START + frame + END + START + A01.replace(CONTROL_ID, probe).encode() + END)
                _answers_until(connection, probe, frame)
    assert service.alive()
    assert httpx.get(f"http://{service.http}/readyz").status_code == 200
    assert b"ingest failed" not in service.log.read_bytes()


def _answers_until(connection: socket.socket, probe: str, frame: bytes) -> None:
    """At least one answer to the frame (a batch has one for each message), then that to the probe; none is 207."""
    before, pending = 0, b""
    while True:
        answer, pending = _next(connection, pending)
        if b"PROBE-" in answer and msa(answer) == ("AA", probe):
            break
        assert answer.startswith((b"MSH", b"BHS", b"\xff\xfe")), frame
        assert b"|207^" not in answer, frame
        before += 1
    assert before or frame.count(b"ACK"), frame
    assert not pending, frame


def _next(connection: socket.socket, pending: bytes) -> tuple[bytes, bytes]:
    while END not in pending:
        piece = connection.recv(65536)
        assert piece, "closed without an answer"
        pending += piece
    frame, _, rest = pending.partition(END)
    return frame.removeprefix(START), rest


def test_sender_that_stops_in_a_frame_hinders_nobody(shared_service: Service) -> None:
    slow = [socket.create_connection(("127.0.0.1", shared_service.mllp_port), timeout=GUARD) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(START + A01[: number + 1].encode())
        answer = shared_service.exchange(A01.replace(CONTROL_ID, "QUICK").encode())[0]
        assert msa(answer) == ("AA", "QUICK")
        rest = A01.replace(CONTROL_ID, "SLOW")[100:].encode()
        slow[99].sendall(rest + END)  # nobody has given up on the others
        assert msa(read_frame(slow[99]))[0] == "AA"
    finally:
        for connection in slow:
            connection.close()


def test_frame_above_the_limit_is_refused_and_the_connection_goes_on(shared_service: Service) -> None:
    large = A01.replace(CONTROL_ID, "LARGE").encode() + b"ZZZ|" + b"x" * 12_000_000
    answers = shared_service.exchange(large, A01.replace(CONTROL_ID, "AFTER").encode())
    assert [msa(a) for a in answers] == [("AR", "LARGE"), ("AA", "AFTER")]
