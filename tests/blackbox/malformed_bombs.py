"""Bodies and expressions that are deep, long or huge, each in a place of its own (SR-8, SR-16, SR-21)."""

import json
import random

from .malformed_request import FHIR_JSON, FORM, PATCH_JSON, SECRET, Malformed, request

_KEPT = (*range(400, 500), 200, 201)
"""For what is odd, and yet may be good."""


def deep(chance: random.Random) -> Malformed:
    """Depth bombs."""
    depth = chance.choice((101, 1000, 50_000, 400_000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"extension":[', b"]}")))
    inner = opening * depth + (closing * depth if chance.random() < 0.7 else b"")
    return Malformed("deep", _sent(chance, b'{"resourceType":"Patient","extension":[' + inner + b"]}"))


def _sent(chance: random.Random, body: bytes) -> bytes:
    method, target = chance.choice((("POST", "/fhir/Patient"), ("PUT", "/fhir/Patient/p1"), ("POST", "/fhir")))
    return request(method, target, (FHIR_JSON,), body)


def nested(chance: random.Random) -> Malformed:
    """Good JSON that nests where a resource may: below a hundred levels it has to be judged, above to be refused."""
    depth = chance.choice((20, 45, 60, 2000))
    opening, closing, target = chance.choice(
        (
            ('{"resourceType":"Bundle","type":"batch","entry":[{"resource":', "}]}", "/fhir"),
            ('{"resourceType":"Bundle","type":"collection","entry":[{"resource":', "}]}", "/fhir/Bundle"),
            ('{"resourceType":"Parameters","parameter":[{"name":"a","resource":', "}]}", "/fhir/Patient/$validate"),
            ('{"resourceType":"Patient","contained":[', "]}", "/fhir/Patient"),
            ('{"resourceType":"Patient","extension":[{"url":"urn:x","extension":[', "]}]}", "/fhir/Patient"),
        )
    )
    body = opening * depth + '{"resourceType":"Patient"}' + closing * depth
    return Malformed("nested", request("POST", target, (FHIR_JSON,), body.encode()), _KEPT)


def numbers(chance: random.Random) -> Malformed:
    """Numbers at the edges of what can be kept."""
    digits = "9" * chance.choice((63, 65, 4301, 100_000))
    number = chance.choice(
        (
            *("-0", "-0.0", "1e999999", "-1E+999999999999", "1e-999999", "0e999999999", "1e400", "0.1e-400"),
            *(digits, f"0.{digits}", f"{digits}.{digits}", f"1e{digits}", "1e+", ".5", "5.", "--1", "1_000", "\u0661"),
        )
    )
    body = chance.choice(
        (
            '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s}}',
            '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueInteger":%s}',
            '{"resourceType":"Location","position":{"longitude":%s,"latitude":0}}',
        )
    )
    target = "/fhir/Location" if "Location" in body else "/fhir/Observation"
    return Malformed("number", request("POST", target, (FHIR_JSON,), (body % number).encode()), _KEPT)


def text(chance: random.Random) -> Malformed:
    """Characters that are none, in values of JSON, of forms and of addresses."""
    piece = chance.choice(
        (b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\xff")
    )
    escaped = chance.choice(
        (b"\\ud800", b"\\udc00x", b"\\ud800\\ud800", b"\\u0000", b"\\u00", b"\\x41", b"\\U00000041")
    )
    percent = b"".join(b"%%%02x" % byte for byte in piece)
    names = b'{"resourceType":"Patient","name":[{"family":"%s"}]}'
    wire = chance.choice(
        (
            request("POST", "/fhir/Patient", (FHIR_JSON,), names % piece),
            request("POST", "/fhir/Patient", (FHIR_JSON,), names % escaped),
            request("PATCH", "/fhir/Patient/p1", (PATCH_JSON,), b'[{"op":"add","path":"/%s","value":1}]' % escaped),
            request("POST", "/fhir/Patient/_search", (FORM,), b"name=" + piece),
            request("GET", b"/fhir/Patient?name=" + percent),
            request("GET", b"/fhir/Patient?" + percent + b"=1"),
            request("GET", b"/fhir/Patient/" + percent),
            request("GET", b"/fhir/" + percent + b"/1"),
        )
    )
    return Malformed("text", wire)


def _patch(path: str) -> bytes:
    value = {"name": "value", "valueString": SECRET}
    part = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": path}, value]
    return json.dumps({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}).encode()


def expressions(chance: random.Random) -> Malformed:
    """FHIRPath that is deep, long, costly or looks for what is behind the resource."""
    many = chance.choice((50, 1000, 50_000))
    path = chance.choice(
        (
            *("(" * many + "Patient" + ")" * many, "Patient" + ".descendants()" * many, "-" * many + "1"),
            *("Patient.name.where(" * many + "true" + ")" * many, "Patient.name[" + "9" * many + "]", "'" * many),
            *(" or ".join(["true"] * many), "Patient.repeat($this)", "Patient.name.where(family.matches('(a+)+$'))"),
            *(
                "Patient.__class__",
                "Patient.name.__init__",
                "resolve()",
                "%resource",
                "Patient.iif(",
                "\x00",
                "@2020-13",
            ),
            *("`" * many, "/*" * many, SECRET, "Patient.trace('x')", "Patient.name.aggregate($total + $this)"),
        )
    )
    return Malformed("expression", request("PATCH", "/fhir/Patient/p1", (FHIR_JSON,), _patch(path)))


def patch_bombs(chance: random.Random) -> Malformed:
    """JSON Patches that double what is there, go deep or far."""
    doubling = [{"op": "copy", "from": "/name", "path": "/name/-"}] * chance.choice((5, 60, 5000))
    operations = chance.choice(
        (
            doubling,
            [{"op": "add", "path": "/a" * 50_000, "value": 1}],
            [{"op": "add", "path": "/extension", "value": json.loads("[" * 90 + "]" * 90)}] * 2,
            [{"op": "add", "path": "/name/" + "0" * 5000, "value": {}}],
            [{"op": "replace", "path": "/~2~", "value": SECRET}] * 100,
            [{"op": "move", "from": "", "path": "/contained"}],
        )
    )
    return Malformed("patch bomb", request("PATCH", "/fhir/Patient/p1", (PATCH_JSON,), json.dumps(operations).encode()))


def search_bombs(chance: random.Random) -> Malformed:
    """Searches of a thousand of everything."""
    many = chance.choice((300, 3000))
    query = chance.choice(
        (
            *(
                "name=" + "," * many,
                "name=" + ",".join(["a"] * many),
                "&".join(["name=a"] * many),
                "name=" + "\\" * many,
            ),
            *("_sort=" + ",".join(["name"] * many), "_include=" + "*:" * many, "link." * many + "name=a"),
            *("_has:Task:patient:" * many + "status=draft", "name:" + "exact:" * many + "=a", "&" * many + "a=1"),
            *("_elements=" + ",".join(["a.b"] * many) + ".", "birthdate=" + "9" * many, "identifier=" + "|" * many),
            *(
                "_lastUpdated=" + "gt" * many,
                "_id=" + "%2C" * many,
                "=" * many,
                "_page=" + "A" * many,
                "_filter=" + "(" * many,
            ),
        )
    )
    return Malformed("search bomb", request("POST", "/fhir/Patient/_search", (FORM,), query.encode()), _KEPT)
