"""What is no HTTP/1.1, or is framed badly."""

import random

from .malformed_request import FHIR_JSON, PATIENT, SECRET, Headers, Malformed, request


def no_http(chance: random.Random) -> Malformed:
    """What is no HTTP/1.1 at all."""
    good = request("GET", "/fhir/Patient/p1")
    target = chance.choice(
        (b"/fhir/\x00", b"/fhir/\xff", "/fhir/Patient?name=å".encode(), b"", b"/a b", b"/" + b"a" * 70_000)
    )
    header = chance.choice(("X-A: a\x00b", ": empty", "X A: y", "X-A: a\r\n folded", "Content-Length: -1", "\x01: y"))
    wire = chance.choice(
        (
            *(
                b"\x16\x03\x01\x02\x00\x01",
                chance.randbytes(200),
                b"hello\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            ),
            good.replace(b"HTTP/1.1", b"HTTP/7.5"),
            good.replace(b"GET", b"get"),
            good.replace(b"/fhir/Patient/p1", target),
            good.replace(b"\r\n\r\n", b"\r\n" + header.encode() + b"\r\n\r\n"),
            good.replace(b"\r\n\r\n", b"\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n"),
        )
    )
    return Malformed("no HTTP", wire, ends=wire == b"\x16\x03\x01\x02\x00\x01")


def framing(chance: random.Random) -> Malformed:
    """Bodies that are longer, shorter or cut otherwise than told."""
    head = (FHIR_JSON,)
    size = str(len(PATIENT))
    chunked: Headers = (*head, ("Transfer-Encoding", "chunked"))
    short, long = f"{len(PATIENT) + 100}", f"{len(PATIENT) - 30}"

    def post(headers: Headers, body: bytes) -> bytes:
        return request("POST", "/fhir/Patient", headers, body, length=False)

    return chance.choice(
        (
            Malformed("cut off", post((*head, ("Content-Length", short)), PATIENT), ends=True),
            Malformed("cut off in a chunk", post(chunked, b"ff\r\n" + PATIENT), ends=True),
            Malformed("cut off in the head", request("GET", "/fhir/Patient/p1")[: chance.randint(1, 60)], ends=True),
            Malformed("longer than told", post((*head, ("Content-Length", long)), PATIENT)),
            Malformed("two lengths", post((*head, ("Content-Length", "5"), ("Content-Length", size)), PATIENT)),
            Malformed("no length", post((*head, ("Content-Length", SECRET * 4)), PATIENT)),
            Malformed("length and chunks", post((*chunked, ("Content-Length", size)), b"0\r\n\r\n")),
            Malformed("no chunk", post(chunked, b"zz\r\n" + PATIENT)),
            Malformed("other coding", post((*head, ("Transfer-Encoding", "gzip")), PATIENT)),
            Malformed("nothing in chunks", post(chunked, b"0\r\n\r\n")),
        )
    )


def smuggled(chance: random.Random) -> Malformed:
    """A second request that hides in the body of the first one."""
    hidden = request("DELETE", "/fhir/Patient/p1")
    size, chunked = ("Content-Length", str(len(PATIENT))), ("Transfer-Encoding", "chunked")
    framed: Headers = chance.choice(
        (
            *(
                (size, chunked),
                (chunked, size),
                (chunked, chunked, size),
                (("Transfer-Encoding", "identity, chunked"), size),
            ),
            *(
                (("Transfer-Encoding", "xchunked"),),
                (("Transfer-Encoding ", "chunked"), size),
                (size, ("Content-Length", "0")),
            ),
            *((("Content-Length", "+5"),), (("Content-Length", "5, 5"),), (("Content-Length", "0x5"),)),
            *(
                (("Content-Length", "5 5"),),
                (("Transfer-Encoding", "\x0bchunked"),),
                (("Content-Length", "1" + "0" * 40),),
            ),
        )
    )
    return Malformed(
        "smuggled", request("POST", "/fhir/Patient", (FHIR_JSON, *framed), b"0\r\n\r\n" + hidden, length=False)
    )


def headers(chance: random.Random) -> Malformed:
    """Headers that are doubled, huge, folded or no text."""
    junk: Headers = chance.choice(
        (
            (("If-Match", 'W/"1"'), ("If-Match", 'W/"2"')),
            (("Host", "elsewhere"),),
            (("X-Long", "a" * 200_000),),
            *(((name, b"\xff\xfe"),) for name in ("If-Match", "Prefer", "If-None-Exist", "Content-Type", "Accept")),
            *(((name, "a," * 10_000),) for name in ("If-Match", "Accept", "Content-Type")),
            (("Content-Type", "application/fhir+json; charset=" + SECRET),),
            (("Content-Type", "application/fhir+json; fhirVersion=3.0"),),
            (("X-A", "b\r\n folded"),),
            (("X-A", "b\rX-B: c"),),
        )
    )
    told = () if any(name == "Content-Type" for name, _ in junk) else (FHIR_JSON,)
    body = b'{"resourceType":"Patient","id":"p1"}'
    statuses = (*range(400, 500), 200)  # a preference that is not understood is none
    return Malformed("headers", request("PUT", "/fhir/Patient/p1", (*told, *junk), body), statuses)
