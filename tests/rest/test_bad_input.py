"""Whatever arrives, the answer is 4xx with an OperationOutcome that tells nothing back (SR-16, SR-17, SR-18)."""

import base64
import json
import random
from typing import Any

import pytest

from fhir_service.storage import indexing
from tests.rest.bundles import entry, send
from tests.rest.conftest import Rest, code, issue

SECRET = "15918512397"
JSON = {"content-type": "application/fhir+json"}
PATIENT = b'{"resourceType":"Patient","active":true}'


def nested(depth: int, opening: bytes = b'{"extension":[', closing: bytes = b"]}") -> bytes:
    rounds = depth // 2
    return b'{"resourceType":"Patient","extension":[' + opening * rounds + closing * rounds + b"]}"


MALFORMED = {
    "nothing": (b"", "malformed-json"),
    "blanks": (b" \n ", "malformed-json"),
    "no JSON": (b"<Patient/>", "malformed-json"),
    "cut off": (PATIENT[:-3], "malformed-json"),
    "cut off in a string": (b'{"resourceType":"Pat', "malformed-json"),
    "two values": (PATIENT + PATIENT, "malformed-json"),
    "trailing comma": (b'{"resourceType":"Patient",}', "malformed-json"),
    "NaN": (b'{"resourceType":"Patient","active":NaN}', "malformed-json"),
    "infinity": (b'{"resourceType":"Patient","active":-Infinity}', "malformed-json"),
    "huge exponent": (b'{"resourceType":"Patient","active":1e400}', "malformed-json"),
    "absurd exponent": (b'{"resourceType":"Patient","active":1e99999999999999999999}', "malformed-json"),
    "long integer": (b'{"resourceType":"Patient","active":' + b"9" * 5000 + b"}", "malformed-json"),
    "long decimal": (b'{"resourceType":"Patient","active":0.' + b"9" * 5000 + b"}", "malformed-json"),
    "lone surrogate": (b'{"resourceType":"Patient","language":"\\ud800"}', "malformed-json"),
    "reversed surrogates": (b'{"resourceType":"Patient","language":"\\udc00\\ud800"}', "malformed-json"),
    "NUL escaped": (b'{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}', "malformed-json"),
    "NUL in a name": (b'{"resourceType":"Patient","a\\u0000b":1}', "malformed-json"),
    "NUL raw": (b'{"resourceType":"Patient","name":[{"family":"a\x00b"}]}', "malformed-json"),
    "only NUL": (b"\x00" * 100, "malformed-json"),
    "latin-1": ('{"resourceType":"Patient","name":[{"family":"Bjørn"}]}'.encode("latin-1"), "malformed-json"),
    "utf-16": (PATIENT.decode().encode("utf-16"), "malformed-json"),
    "a list": (b"[" + PATIENT + b"]", "structure"),
    "a string": (b'"Patient"', "structure"),
    "null": (b"null", "structure"),
    "no type": (b'{"active":true}', "structure"),
    "another type": (b'{"resourceType":"Group"}', "structure"),
    "a type that is a list": (b'{"resourceType":["Patient"]}', "structure"),
    "unknown element": (b'{"resourceType":"Patient","nationality":"NO"}', "structure"),
    "wrong code": (b'{"resourceType":"Patient","gender":"mann"}', "code-invalid"),
    "a key twice": (b'{"resourceType":"Patient","active":true,"active":false}', "malformed-json"),
    "a key twice, escaped": (b'{"resourceType":"Patient","active":true,"\\u0061ctive" :true}', "malformed-json"),
    "a key twice, deeper": (b'{"resourceType":"Patient","name":[{"text":"a\\":","text":"b"}]}', "malformed-json"),
    "deep lists": (b"[" * 100_000, "malformed-json"),
    "deep and closed": (b"[" * 50_000 + b"]" * 50_000, "too-deep"),
    "deep extensions": (nested(400), "too-deep"),
    "too large": (b'{"resourceType":"Patient","x":"' + b"x" * 300_000 + b'"}', "too-large"),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_malformed_body_is_refused(rest: Rest, method: str, name: str) -> None:
    body, expected = MALFORMED[name]
    path = "Patient" if method == "POST" else "Patient/p1"
    answer = rest(method, path, content=body, headers=JSON)
    assert answer.status_code == (413 if expected == "too-large" else 400)
    assert code(answer) in ("too-deep", "malformed-json") if name.startswith("deep") else code(answer) == expected


def test_extensions_a_hundred_levels_deep_are_no_trouble(rest: Rest) -> None:
    leaf = b'{"url":"http://e.org/x","valueString":"[[[[{{{"}'
    body = leaf
    for _ in range(45):
        body = b'{"url":"http://e.org/x","extension":[' + body + b"]}"
    answer = rest("POST", "Patient", content=b'{"resourceType":"Patient","extension":[' + body + b"]}", headers=JSON)
    assert answer.status_code == 201, answer.text


def test_brackets_in_strings_and_wide_bodies_are_not_deep(rest: Rest) -> None:
    text = '[{\\"' * 300
    names = ",".join('{"family":"x"}' for _ in range(300))
    body = f'{{"resourceType":"Patient","name":[{names},{{"text":"{text}"}}]}}'.encode()
    assert rest("POST", "Patient", content=body, headers=JSON).status_code == 201


def test_the_key_that_stands_twice_is_named_and_a_strange_one_is_not(rest: Rest) -> None:
    """SR-20: one of the values would be lost without a word."""
    for key, places in (("gender", ["gender"]), (SECRET, None)):
        body = f'{{"resourceType":"Patient","{key}":"male","{key}":"male"}}'
        answer = rest("POST", "Patient", content=body, headers=JSON)
        assert answer.status_code == 400
        assert issue(answer).get("expression") == places
        assert SECRET not in answer.text


def test_the_same_key_in_other_objects_and_colons_in_strings_are_no_trouble(rest: Rest) -> None:
    text = '{\\"a\\": 1, \\"a\\": 2} \\\\'
    body = f'{{"resourceType":"Patient","name":[{{"text":"{text}"}},{{"text" : "x:y"}}],"active":true}}'
    assert rest("POST", "Patient", content=body.encode(), headers=JSON).status_code == 201


def test_a_byte_order_mark_is_passed_over(rest: Rest) -> None:
    assert rest("POST", "Patient", content=b"\xef\xbb\xbf" + PATIENT, headers=JSON).status_code == 201


def test_a_backslash_before_u0000_is_text(rest: Rest) -> None:
    body = b'{"resourceType":"Patient","name":[{"family":"a\\\\u0000b"}]}'
    answer = rest("POST", "Patient", content=body, headers=JSON)
    assert answer.status_code == 201
    assert answer.json()["name"][0]["family"] == "a\\u0000b"


@pytest.mark.parametrize(
    ("content_type", "extra"),
    [
        (None, {}),
        ("text/plain", {}),
        ("application/fhir+xml", {}),
        ("application/x-www-form-urlencoded", {}),
        ("application/json-patch+json", {}),
        ("application/fhir+json; charset=iso-8859-1", {}),
        ("application/fhir+json; fhirVersion=5.0", {}),
        ("application/fhir+json", {"content-encoding": "gzip"}),
    ],
)
def test_a_body_of_another_type_is_415(rest: Rest, content_type: str | None, extra: dict[str, str]) -> None:
    headers = extra | ({"content-type": content_type} if content_type else {})
    answer = rest("POST", "Patient", content=PATIENT, headers=headers)
    assert (answer.status_code, code(answer)) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/FHIR+JSON;CHARSET=UTF-8",
        'application/fhir+json; charset="utf-8"; fhirVersion=4.0',
    ],
)
def test_the_media_types_of_fhir_json_are_read(rest: Rest, content_type: str) -> None:
    assert rest("POST", "Patient", content=PATIENT, headers={"content-type": content_type}).status_code == 201


@pytest.mark.parametrize(
    "accept", ["application/fhir+xml", "text/html", "application/fhir+json;q=0", "image/png;q=0.9", ";;"]
)
def test_what_cannot_be_answered_is_406(rest: Rest, accept: str) -> None:
    answer = rest.get("Patient", accept=accept)
    assert (answer.status_code, code(answer)) == (406, "not-acceptable")


@pytest.mark.parametrize(
    "query", ["_format=xml", "_format=application/fhir%2Bxml", "_format=json&_format=ttl", "_format="]
)
def test_another_format_is_406(rest: Rest, query: str) -> None:
    assert rest.get(f"Patient?{query}").status_code == 406


@pytest.mark.parametrize("query", ["_format=json", "_format=application/fhir%2Bjson", "_format=application/fhir+json"])
def test_format_wins_over_accept(rest: Rest, query: str) -> None:
    assert rest.get(f"Patient?{query}", accept="application/fhir+xml").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Patients", 404),
        ("GET", "patient", 404),
        ("GET", "Basic/1", 404),
        ("GET", "Patient//", 404),
        ("GET", "/", 404),
        ("GET", "_history/1", 404),
        ("GET", "Organization/a/Patient", 404),
        ("GET", "Patient/a/Sandwich", 404),
        ("GET", "Patient/a/Condition/1", 404),
        ("GET", "Patient/a_/Condition", 404),
        ("GET", "Patient/a/Condition%2F_search", 404),
        ("GET", "Patient/$never-there", 404),
        ("GET", "$never-there", 404),
        ("GET", "Patient/a/_history/1/$never-there", 404),
        ("GET", "Patient/a/b", 404),
        ("GET", "Patient/a/_history/1/2", 404),
        ("GET", "Patient/" + "a" * 65, 404),
        ("GET", "Patient/a%0ab", 404),
        ("GET", "Patient/%00", 404),
        ("GET", "Patient/%ff", 404),
        ("GET", "Patient/..%2f..%2fetc", 404),
        ("GET", "%1b[31mPatient", 404),
        ("GET", "metadata/x", 404),
        ("PUT", "Patient/a_b", 400),
        ("POST", "metadata", 405),
        ("GET", "_search", 405),
        ("POST", "_history", 405),
        ("DELETE", "Patient/1/_history", 405),
        ("GET", "Patient/1/Condition/_search", 405),
        ("POST", "Patient/1/*", 405),
        ("PUT", "", 405),
        ("PATCH", "_search", 405),
        ("DELETE", "metadata", 405),
        ("POST", "Patient/1", 405),
        ("GET", "Patient/_search", 405),
        ("DELETE", "Patient/1/_history/1", 405),
        ("TRACE", "Patient/1", 405),
        ("BREW", "Patient/1", 405),
    ],
)
def test_an_address_or_method_that_is_not_served(rest: Rest, method: str, path: str, status: int) -> None:
    answer = rest(method, path)
    assert answer.status_code == status
    issue(answer)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("metadata", "GET, HEAD, OPTIONS"),
        ("Patient/_search", "POST, OPTIONS"),
        ("Patient/1/_history", "GET, HEAD, OPTIONS"),
    ],
)
def test_what_an_address_serves_can_be_asked(rest: Rest, path: str, allow: str) -> None:
    """RFC 9110 9.3.7"""
    answer = rest("OPTIONS", path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allow, b"")


@pytest.mark.parametrize("path", ["Patient/p1?name=x", "Patient/p1?_count=1", "metadata?patient=1"])
def test_a_parameter_where_none_is_known_is_400(rest: Rest, path: str) -> None:
    answer = rest.get(path)
    assert (answer.status_code, code(answer)) == (400, "unknown-parameter")


@pytest.mark.parametrize(
    "operations",
    [
        {},
        [],
        "remove",
        [1],
        [{"op": "remove"}],
        [{"op": "explode", "path": "/name"}],
        [{"op": ["add"], "path": "/name", "value": 1}],
        [{"op": "add", "path": "/name"}],
        [{"op": "move", "path": "/name", "from": 3}],
        [{"op": "remove", "path": 7}],
        [{"op": "test", "path": "/name", "value": 1}] * 101,
    ],
)
def test_what_is_no_json_patch_is_400(rest: Rest, operations: object) -> None:
    answer = rest.patch("Patient/p1", operations)
    assert (answer.status_code, code(answer)) == (400, "structure")


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "", "value": 1}],
        [{"op": "replace", "path": "", "value": {"resourceType": "Group", "id": "x"}}],
        [{"op": "remove", "path": "/resourceType"}],
        [{"op": "replace", "path": "/id", "value": "other"}],
        [{"op": "add", "path": "no-slash", "value": 1}],
        [{"op": "add", "path": "/name/x", "value": 1}],
        [{"op": "add", "path": "/name/-/~2", "value": 1}],
        [{"op": "copy", "path": "/active/x", "from": ""}],
        [{"op": "copy", "path": "/x", "from": ""}] * 30,
        [{"op": "add", "path": "/name/99999999999999999999", "value": 1}],
        [{"op": "test", "path": "/active", "value": False}],
    ],
)
def test_a_patch_that_cannot_be_applied_is_refused(rest: Rest, operations: list[dict[str, object]]) -> None:
    stored = rest.stored({"resourceType": "Patient", "active": True})
    answer = rest.patch(f"Patient/{stored['id']}", operations)
    assert (answer.status_code, code(answer)) == (422, "bad-patch")


def test_a_patch_that_builds_endless_depth_is_refused(rest: Rest) -> None:
    stored = rest.stored({"resourceType": "Patient", "extension": [{"url": "http://e.org/x", "valueString": "y"}]})
    inner: dict[str, object] = {"url": "http://e.org/x", "valueString": "y"}
    for _ in range(40):
        inner = {"url": "http://e.org/x", "extension": [inner]}
    path, operations = "/extension/0", []
    for _ in range(15):
        operations.append({"op": "replace", "path": path, "value": inner})
        path += "/extension/0" * 40
    answer = rest.patch(f"Patient/{stored['id']}", operations)
    assert (answer.status_code, code(answer)) == (400, "too-deep")
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    for kind in ("transaction", "batch"):
        entry = {"request": {"method": "PATCH", "url": f"Patient/{stored['id']}"}, "resource": binary}
        answer = rest("POST", "", json={"resourceType": "Bundle", "type": kind, "entry": [entry]}, headers=JSON)
        told = answer if kind == "transaction" else answer.json()["entry"][0]["response"]["outcome"]
        assert "too-deep" in str(told if isinstance(told, dict) else told.json())
    assert rest.get(f"Patient/{stored['id']}").headers["etag"] == 'W/"1"'


def test_nothing_of_what_was_sent_comes_back_in_an_error(rest: Rest) -> None:
    bodies = [
        f'{{"resourceType":"Patient","gender":"{SECRET}"}}',
        f'{{"resourceType":"Patient","birthDate":"{SECRET}"}}',
        f'{{"resourceType":"Patient","identifier":"{SECRET}"}}',
        f'{{"resourceType":"Patient","identifier":[{{"value":{SECRET}}}]}}',
        f'{{"resourceType":"{SECRET}"}}',
        f'{{"resourceType":"Patient" {SECRET}}}',
    ]
    for body in bodies:
        answer = rest("POST", "Patient", content=body, headers=JSON)
        assert answer.status_code == 400
        assert SECRET not in answer.text
    answers = [
        rest.get(f"Patient/{SECRET}"),
        rest.get(f"{SECRET}/1"),
        rest.get(f"Patient?birthdate={SECRET}", prefer=SECRET),
        rest.get("Patient", accept=SECRET),
        rest.get("Patient", x_knutepunkt_role=SECRET),
        rest("POST", "Patient", content=PATIENT, headers={"content-type": SECRET}),
        rest("PUT", "Patient/1", content=PATIENT, headers=JSON | {"if-match": SECRET}),
        rest(SECRET, "Patient"),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert all(SECRET not in answer.text for answer in answers)


def test_two_thousand_damaged_bodies_are_answered(rest: Rest) -> None:
    chance = random.Random(16)  # noqa: S311 - for variety, the same every time
    whole = (
        b'{"resourceType":"Patient","active":true,"name":[{"family":"Berg","given":["Arne",null],"_given":[null,'
        b'{"extension":[{"url":"http://e.org/x","valueDecimal":1.10}]}]}],"birthDate":"1985-11-15"}'
    )
    for _ in range(2000):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.choice(b'\x00\xff"\\{}[],:u0d8-e9\n')
        answer = rest("POST", "Patient", content=bytes(body), headers=JSON)
        assert answer.status_code == 201 or 400 <= answer.status_code < 500, (bytes(body), answer.text)
        if answer.status_code != 201:
            issue(answer)


def test_addresses_of_any_bytes_are_answered(rest: Rest) -> None:
    chance = random.Random(17)  # noqa: S311
    pieces = (
        *("Patient", "_search", "_history", "1", "/", "/", "?", "=", "&", "%", "|", ",", "$", "\\"),
        *("%00", "%ff", "%2e%2e", "%c3%a6", "name:exact", "_id", "_page", "_sort", "_include", "_lastUpdated"),
    )
    for _ in range(2000):
        path = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 8)))
        answer = rest(chance.choice(("GET", "HEAD", "DELETE")), path.lstrip("/"))
        assert answer.status_code < 500, path


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"ValueSet/$expand?url=http://x.test/{SECRET}", None),
        ("GET", f"Observation?code:in=http://x.test/{SECRET}", None),
        ("GET", f"CodeSystem/$lookup?system={SECRET}&code=x", None),
        (
            "POST",
            "Patient",
            {"resourceType": "Patient", "generalPractitioner": [{"reference": f"Practitioner/{SECRET}"}]},
        ),
        ("POST", f"Patient/$validate?profile=http://x.test/{SECRET}", {"resourceType": "Patient"}),
    ],
)
def test_no_national_number_comes_back_in_a_refusal(rest: Rest, method: str, path: str, body: Any) -> None:  # SR-18
    """Not even as an id or in an address, where sentences name what was asked for."""
    answer = rest(method, path, json=body, headers=JSON)
    assert answer.status_code >= 400
    assert SECRET not in answer.text
    assert "(not shown)" in answer.text


def test_a_write_that_is_to_be_found_by_too_much_is_refused_for_good(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SR-8: to try it again would not help, so it is the client's mistake and no 503."""
    monkeypatch.setattr(indexing, "MOST_ROWS", 30)
    large = {"resourceType": "Patient", "name": [{"family": f"f{n}"} for n in range(40)]}
    alone = rest.post(large)
    whole = send(rest, "transaction", entry("POST", "Patient", large))
    (each,) = send(rest, "batch", entry("POST", "Patient", large)).json()["entry"]
    for answer in (alone, whole):
        assert (answer.status_code, code(answer)) == (422, "too-many-values")
        assert "100,000" in issue(answer)["diagnostics"]
        assert "retry-after" not in answer.headers
    assert each["response"]["status"].startswith("422")
    assert each["response"]["outcome"]["issue"][0]["code"] == "too-costly"
    assert rest.post({"resourceType": "Patient"}).status_code == 201
