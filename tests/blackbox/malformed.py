"""Malformed HTTP requests as bytes, made from a seed: what a broken or hostile client sends (SR-16, SR-17, SR-18)."""

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

SECRET = "15918512397"
"""Stands wherever a value about a person could stand; it must never come back."""
PATIENT = b'{"resourceType":"Patient","active":true,"identifier":[{"value":"' + SECRET.encode() + b'"}]}'
FHIR_JSON = ("Content-Type", "application/fhir+json")
PATCH_JSON = ("Content-Type", "application/json-patch+json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
Headers = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Malformed:
    """`statuses`: what may be answered. `ends`: the client ends its side after the bytes; silence is an answer too."""

    kind: str
    wire: bytes
    statuses: range | tuple[int, ...] = range(400, 500)
    ends: bool = False


def corpus(size: int, seed: int) -> list[Malformed]:
    """`size` requests, the kinds in turn; the same seed gives the same ones."""
    chance = random.Random(seed)  # noqa: S311 - for variety
    return [KINDS[number % len(KINDS)](chance) for number in range(size)]


def request(
    method: str, target: str | bytes, headers: Headers = (), body: bytes = b"", *, length: bool = True
) -> bytes:
    """The bytes of a request as they stand, nothing escaped or mended."""
    sent: list[tuple[str, str | bytes]] = [("Host", "localhost"), ("Connection", "close"), *headers]
    if length and (body or method in ("POST", "PUT", "PATCH")):
        sent.append(("Content-Length", str(len(body))))
    lines = [b" ".join((method.encode(), _bytes(target), b"HTTP/1.1"))]
    lines += [name.encode() + b": " + _bytes(value) for name, value in sent]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


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
    wrong = {
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


def deep(chance: random.Random) -> Malformed:
    """Depth bombs."""
    depth = chance.choice((101, 1000, 50_000, 400_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"extension":[', b"]}")))
    inner = opening * depth + (closing * depth if chance.random() < 0.7 else b"")
    return Malformed("deep", _write(chance, b'{"resourceType":"Patient","extension":[' + inner + b"]}"))


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


def conditions(chance: random.Random) -> Malformed:
    """If-Match and its like, malformed or stale."""
    name = chance.choice(("If-Match", "If-Match", "If-None-Match", "If-Unmodified-Since", "If-None-Exist", "Accept"))
    value = chance.choice(
        (
            SECRET,
            "",
            'W/"',
            'W/"1" W/"2"',
            'W/"-1"',
            'W/"99999999999999999999"',
            b"\xff\xfe",
            "*,*",
            "%ff",
            "a=b&c",
            ";q=0",
        )
    )
    if name == "If-None-Exist":
        return Malformed("condition", request("POST", "/fhir/Patient", (FHIR_JSON, (name, value)), PATIENT))
    body = b'{"resourceType":"Patient","id":"p1"}'
    statuses = (*range(400, 500), *((200, 201) if name == "Accept" and not value else ()))
    return Malformed("condition", request("PUT", "/fhir/Patient/p1", (FHIR_JSON, (name, value)), body), statuses)


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


def searches(chance: random.Random) -> Malformed:
    """Parameters, modifiers, prefixes and values that are not understood."""
    query = chance.choice(
        (
            *(f"{SECRET}=1", f"name:{SECRET}=1", f"birthdate={SECRET}", "birthdate=xx2020", "birthdate=2020-02-30"),
            *(
                "_count=-1",
                "_count=many",
                "_count=1.5",
                "_sort=colour",
                "_sort=",
                "_include=*:*:*:*",
            ),
            *(
                "_id=",
                "_lastUpdated=",
                f"_page={SECRET}",
                "_page=AAAA",
                "_format=xml",
                f"_format={SECRET}",
                "_pretty=1",
            ),
            *(
                "name=%ff",
                "name=%00",
                "name=a%00b",
                "name=" + "a" * 5000,
                "&".join(["name=x"] * 500),
                "identifier=%ed%a0%80",
            ),
            *(
                "_has:A:b:c=1",
                "subject.name=x",
                "_filter=a",
                f"_query={SECRET}",
                "_type=Patient",
                "active=maybe",
                "name",
            ),
            *(
                "_total=some",
                "general-practitioner:Device=1",
                "birthdate=ge",
                "_sort=-",
                "link=a/b/c/d/e/f/../..",
                "=x",
            ),
        )
    )
    if chance.random() < 0.4:
        return Malformed("search", request("POST", "/fhir/Patient/_search", (FORM,), query.encode()))
    return Malformed("search", request("GET", "/fhir/Patient?" + query), (*range(400, 500),))


def paths(chance: random.Random) -> Malformed:
    """Addresses that lead nowhere, and should."""
    pieces = (
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "",
        "%00",
        "%0d%0aX: y",
        "%ff",
        "%",
        "%zz",
        "$x",
        "*",
        "_search",
        "_history",
        "Goal",
        "%24validate",
        SECRET,
        "a" * 70,
        "etc",
        "\\",
        "_",
    )
    middle = "/".join(chance.choice(pieces) for _ in range(chance.randint(1, 5)))
    target = (
        chance.choice(("/fhir/", "/fhir/Patient/", "/fhir/Patient/p1/", "/fhir/../", "//fhir/", "/"))
        + chance.choice(("", "Patients/"))
        + middle
    )
    method = chance.choice(("GET", "HEAD", "POST", "DELETE", "OPTIONS"))
    may_be = (*range(400, 500), 200, 204)  # `/.`, deleting what is not there
    return Malformed("path", request(method, target, (FHIR_JSON,)), may_be)


NO_SEARCH = (
    *("colour=red", "_count=-1", "_count=x", "_sort=-", "_total=some", "_page=AAAA", "_elements=a.b.c", "_elements="),
    *("_summary=some", "_type=Sandwich", "_type=", "_lastUpdated=never", "_format=ttl", "_pretty=maybe", "_id="),
    *("_has:A:b:c=1", "_has:Observation:patient", "_has:::=x", f"_tag:{SECRET}=1", "=x", "%ff=1", "_tag=%00"),
    "&".join(["_lastUpdated=gt2020"] * 300),
    "_sort=" + ",".join(["_id"] * 1000),
)
NO_CHAIN = (
    *("general-practitioner.colour=x", "general-practitioner:Patient.name=x", f"link:{SECRET}.name=x"),
    *("general-practitioner:Organization.colour=x", "general-practitioner..name=x", "general-practitioner.=x"),
    *(".name=x", "organization.partof." * 40 + "name=x", "_has:Task:subject:" * 40 + "status=draft"),
    *("_has:Task:status:status=draft", "_has:Task:patient:colour=red", "_include=Patient:colour", "_include=*:*:*"),
    *("_revinclude=Task", "_include:colour=Patient:link", "_revinclude:iterate=Colour:red", f"_include={SECRET}"),
)


def far_searches(chance: random.Random) -> Malformed:
    """Searches over everything and within compartments, and what leads from one resource to others."""
    place = chance.choice(("", "/_search", "/Patient/p1/Goal", "/Patient/p1/*", "/Patient/p1/*/_search", "/Patient"))
    query = chance.choice(NO_CHAIN if place == "/Patient" else NO_SEARCH)
    if place.endswith("_search"):
        return Malformed("far search", request("POST", f"/fhir{place}", (FORM,), query.encode()))
    return Malformed("far search", request(chance.choice(("GET", "HEAD")), f"/fhir{place}?{query}"))


def histories(chance: random.Random) -> Malformed:
    """Periods, counts and page links of histories that are none."""
    place = chance.choice(("/Patient/p1/_history", "/Patient/_history", "/_history"))
    value = chance.choice((SECRET, "", "-1", "1e9", "never", "2020-02-30", "ge2020", "%00", "%ff", "9" * 400, "AAAA"))
    # nothing but digits is a count, and a year of four
    name = chance.choice(("_since", "_at", "_sort", "_total", "_page", "_list", SECRET, "_elements", "_summary"))
    return Malformed("history", request(chance.choice(("GET", "HEAD")), f"/fhir{place}?{name}={value}"))


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
    entry = chance.choice(
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


KINDS: tuple[Callable[[random.Random], Malformed], ...] = (
    *(damaged, no_json, no_resource, doubled_key, deep, other_bytes, other_type),
    *(conditions, no_patch, searches, paths, no_http, framing),
    *(far_searches, histories, operations, bundles),
)
