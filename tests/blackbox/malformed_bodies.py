"""Malformed bodies: bytes, JSON, resources."""

import gzip
import json
import random
from typing import Any

from .malformed_request import FHIR_JSON, PATCH_JSON, PATIENT, SECRET, Headers, Malformed, request


def _write(chance: random.Random, body: bytes, *more: tuple[str, str | bytes]) -> bytes:
    method, target = chance.choice((("POST", "/fhir/Patient"), ("PUT", "/fhir/Patient/p1")))
    return request(method, target, (FHIR_JSON, *more), body)


def damaged(chance: random.Random) -> Malformed:
    """Some bytes of a good body are changed, doubled or lost. A few of these are good by chance."""
    body = bytearray(PATIENT)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(body))
        piece = chance.choice(
            (b"\x00", b"\xff", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\ud800", b"\\u0000")
        )
        body[place : place + chance.choice((0, 1, 1, 7))] = piece
    return Malformed("damaged body", _write(chance, bytes(body)), (*range(400, 500), 200, 201))


def no_json(chance: random.Random) -> Malformed:
    """Values that JSON parsers meet badly."""
    digits = "9" * chance.choice((400, 5000, 100_000))
    value = chance.choice(
        (
            *(
                "1e400",
                "-1e400",
                "1e999999999999",
                digits,
                f"0.{digits}",
                "NaN",
                "Infinity",
                "0x1",
                "01",
                "+1",
                "1.",
                "'a'",
            ),
            *(
                '"\\ud800"',
                '"\\udc00\\ud800"',
                '"a\\u0000b"',
                '"\x01"',
                '"\\x41"',
                '"' + SECRET,
                "tru",
                "/**/1",
                "\x00",
            ),
        )
    )
    return Malformed("no JSON", _write(chance, b'{"resourceType":"Patient","birthDate":' + value.encode() + b"}"))


def no_resource(chance: random.Random) -> Malformed:
    """JSON that is no Patient of R4."""
    wrong: dict[str, Any] = {
        "gender": chance.choice((SECRET, "mann", "", 1, None, ["male"], {"code": "male"})),
        "birthDate": chance.choice((SECRET, "1985-13-01", "1985-02-30", "15.11.1985", "1985-1-1", 19851115)),
        "identifier": chance.choice((SECRET, {"value": SECRET}, [SECRET], [[]], [{"value": int(SECRET)}], [None], [])),
        "name": chance.choice(([{"family": [SECRET]}], [{"given": SECRET}], [{}], {}, [{"use": SECRET}])),
        "active": chance.choice(("true", 1, None, [True])),
        SECRET: chance.choice((1, SECRET, None)),
        "contained": chance.choice(([{"resourceType": SECRET}], [{}], [[]], SECRET)),
        "extension": chance.choice(([{"valueString": SECRET}], [{"url": 1}], [{"url": "u", "valueFoo": 1}])),
        "_birthDate": chance.choice((SECRET, [], {"value": SECRET})),
        "meta": chance.choice((SECRET, {"lastUpdated": SECRET}, {"profile": SECRET})),
        "managingOrganization": chance.choice(({"reference": "Patient/1"}, {"reference": 1}, SECRET)),
        "resourceType": chance.choice((SECRET, None, 1, ["Patient"], "patient")),
    }
    chosen = {name: wrong[name] for name in chance.sample(list(wrong), chance.randint(1, 3))}
    body = json.dumps({"resourceType": "Patient", "id": "p1", **chosen}).encode()
    return Malformed("no resource", _write(chance, body))


def doubled_key(chance: random.Random) -> Malformed:
    """One key twice: which one counts would be a guess."""
    key = chance.choice(('"active":true', '"gender":"male"', '"resourceType":"Patient"', '"birthDate":"1985-11-15"'))
    inner = chance.choice(('"name":[{"family":"a","family":"b"}]', f"{key},{key}"))
    return Malformed("doubled key", _write(chance, f'{{"resourceType":"Patient","id":"p1",{inner}}}'.encode()))


def other_bytes(chance: random.Random) -> Malformed:
    """Another encoding, compression or nothing like text."""
    text = PATIENT.decode()
    body = chance.choice(
        (
            b"",
            b"\x00" * 500,
            chance.randbytes(300),
            text.encode("utf-16"),
            b"\xff\xfe" + PATIENT,
            gzip.compress(PATIENT),
        )
    )
    zipped = (("Content-Encoding", chance.choice(("gzip", "br", "deflate", SECRET))),) if chance.random() < 0.5 else ()
    return Malformed("other bytes", _write(chance, body, *zipped))


def other_type(chance: random.Random) -> Malformed:
    """Content types that are not read here."""
    kind = chance.choice(
        (
            "text/plain",
            "application/fhir+xml",
            "application/xml",
            "multipart/form-data; boundary=x",
            SECRET,
            "",
            ";",
            "*/*",
        )
    )
    told: Headers = (("Content-Type", kind),) if chance.random() < 0.9 else ()
    method, target = chance.choice(
        (("POST", "/fhir/Patient"), ("PUT", "/fhir/Patient/p1"), ("PATCH", "/fhir/Patient/p1"))
    )
    return Malformed("other type", request(method, target, told, PATIENT), (415,))


def no_patch(chance: random.Random) -> Malformed:
    """What is no JSON Patch, or does not apply."""
    operation = chance.choice(
        (
            {"op": SECRET, "path": "/name"},
            {"op": "add", "path": SECRET, "value": 1},
            {"op": "test", "path": "/name", "value": SECRET},
            {"op": "replace", "path": "", "value": SECRET},
            {"op": "move", "from": "/name", "path": "/name/0/family"},
            {"op": "remove", "path": "/name/" + "9" * 30},
            {"op": "add", "path": "/" * 5000, "value": {}},
            {"op": "copy", "from": "", "path": "/contained/0"},
            SECRET,
        )
    )
    body = json.dumps(chance.choice(([operation], operation, [operation] * 101, {}, []))).encode()
    return Malformed("no patch", request("PATCH", "/fhir/Patient/p1", (PATCH_JSON,), body))


def operations(chance: random.Random) -> Malformed:
    """Operations that are not there, and parameters that are none of theirs."""
    name = chance.choice(
        ("$validate", "$meta", "$meta-add", "$everything", "$expand", "$lookup", "$x", "$", "$$", SECRET)
    )
    place = chance.choice(
        ("/fhir", "/fhir/Patient", "/fhir/Patient/p1", "/fhir/ValueSet", "/fhir/Patient/p1/_history/1")
    )
    inner = chance.choice(
        (
            {"resourceType": "Parameters", "parameter": SECRET},
            {"resourceType": "Parameters", "parameter": [{"name": SECRET, "valueString": SECRET}]},
            {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": SECRET}]},
            {"resourceType": "Parameters", "parameter": [{"resource": {}}] * 3},
            {"resourceType": SECRET},
            [SECRET],
            SECRET,
        )
    )
    may_be = (*range(400, 500), 200)  # to say that something is not valid is what $validate is for
    body = json.dumps(inner).encode()
    return Malformed("operation", request("POST", f"{place}/{name}", (FHIR_JSON,), body), may_be)


def bundles(chance: random.Random) -> Malformed:
    """What is sent to the base and is neither batch nor transaction, or has entries that are none."""
    entry: Any = chance.choice(
        (
            *(
                {},
                SECRET,
                None,
                {"request": {}},
                {"request": SECRET},
                {"request": {"method": "BREW", "url": "Patient"}},
            ),
            *({"request": {"method": "GET", "url": url}} for url in ("", "http://", SECRET, "a//b", "?" * 999)),
            {"request": {"method": "POST", "url": "Sandwich"}, "resource": {"resourceType": "Sandwich"}},
            {
                "request": {"method": "POST", "url": "Patient"},
                "resource": {"resourceType": "Patient", "id": SECRET * 9},
            },
            {"request": {"method": "PUT", "url": "Patient/../x"}, "resource": {"resourceType": "Patient"}},
            {"request": {"method": "DELETE", "url": "Patient"}},
            {"fullUrl": SECRET, "request": {"method": "POST", "url": "Patient"}, "resource": SECRET},
        )
    )
    kind = chance.choice(("transaction", "transaction", "batch", "history", "searchset", SECRET, None))
    body = json.dumps({"resourceType": "Bundle", "type": kind, "entry": chance.choice(([entry], entry, [entry] * 3))})
    may_be = (*range(400, 500), *((200,) if kind == "batch" else ()))  # a batch tells of each entry apart
    return Malformed("bundle", request("POST", chance.choice(("/fhir", "/fhir/")), (FHIR_JSON,), body.encode()), may_be)
