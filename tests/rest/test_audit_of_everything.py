"""So many operations of all kinds, so many events (SR-33). `AUDITED_OPERATIONS`: how many; a release takes 10,000."""

import itertools
import os
from base64 import b64encode
from collections.abc import Callable, Iterator

import httpx

from profiles.resource import Resource
from tests.messages.conftest import Hospital, message
from tests.rest.circles import Circle, circle
from tests.rest.conftest import FHIR_JSON, Rest, link, matches
from tests.rest.operating import called

OPERATIONS = int(os.environ.get("AUDITED_OPERATIONS", "400"))
Ask = Callable[[Rest, str], httpx.Response]
PATCH = {"content-type": "application/json-patch+json"}
_NUMBERS = itertools.count(1)


def patient(rest: Rest) -> Resource:
    return rest.stored({"resourceType": "Patient"})


def at(path: str, status: int, method: str = "GET", **headers: str) -> tuple[Ask, int]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda rest, rid: rest(method, path.format(rid=rid), headers=named), status


def sent(method: str, path: str, body: object, status: int, **headers: str) -> tuple[Ask, int]:
    def ask(rest: Rest, rid: str) -> httpx.Response:
        named = {name.replace("_", "-"): value.format(rid=rid) for name, value in headers.items()}
        return rest(method, path.format(rid=rid), json=body, headers=FHIR_JSON | named)

    return ask, status


KINDS: dict[str, tuple[Ask, int]] = {
    "read": at("Patient/{rid}", 200),
    "head": at("Patient/{rid}", 200, "HEAD"),
    "not modified": at("Patient/{rid}", 304, if_none_match='W/"1"'),
    "vread": at("Patient/{rid}/_history/1", 200),
    "search": at("Patient?_id={rid}", 200),
    "search by POST": (
        lambda rest, rid: rest("POST", "Patient/_search", data={"_id": rid}),
        200,
    ),
    "count": at("Patient?_summary=count", 200),
    "compartment": at("Patient/{rid}/Observation", 200),
    "history": at("Patient/{rid}/_history", 200),
    "create": sent("POST", "Patient", {"resourceType": "Patient"}, 201),
    "conditional create": sent("POST", "Patient", {"resourceType": "Patient"}, 200, if_none_exist="_id={rid}"),
    "operation": at("Patient/{rid}/$everything", 200),
    "no role": at("Patient/{rid}", 400, x_knutepunkt_role="nonsense"),
    "unknown": at("Patient/nobody-here", 404),
    "bad parameter": at("Patient?colour=red", 400),
    "unreadable": (lambda rest, _: rest("POST", "Patient", content=b"{", headers=FHIR_JSON), 400),
    "nowhere": at("Sandwich/1", 404),
    "changing the log": at("AuditEvent/{rid}", 405, "DELETE"),
    "not a type": sent("PUT", "Patient/{rid}", {"resourceType": "Goal", "id": "x"}, 400),
}


def changing(rest: Rest) -> Iterator[tuple[str, httpx.Response, int]]:
    """What is done to one resource, from its beginning to its end."""
    made = rest.post({"resourceType": "Patient"})
    yield "made", made, 201
    one = made.json()
    path = f"Patient/{one['id']}"
    yield "updated", rest.put({**one, "gender": "female"}), 200
    yield "not changed", rest.put({**one, "gender": "female"}), 200
    meta = {"name": "meta", "valueMeta": {"tag": [{"system": "urn:x", "code": "y"}]}}
    yield "operation that writes", called(rest, f"{path}/$meta-add", meta), 200
    yield "patched", rest("PATCH", path, json=[{"op": "add", "path": "/active", "value": True}], headers=PATCH), 200
    yield "stale", rest("PUT", path, json=one, headers=FHIR_JSON | {"if-match": 'W/"1"'}), 412
    yield "refused patch", rest("PATCH", path, json=[{"op": "remove", "path": "/nowhere"}], headers=PATCH), 422
    yield "deleted", rest("DELETE", path), 204
    yield "gone", rest.get(path), 410


def refused(one: Circle) -> Iterator[tuple[str, httpx.Response, int]]:
    """What the rules of the plan refuse."""
    read = one.rest.get(one.plan)
    plan = read.json()
    yield "read of the plan", read, 200
    yield "without If-Match", one.put(plan, who=one.coordinator), 428
    yield "never deleted", one.asks("DELETE", one.plan, one.coordinator), 409
    yield "no relation", one.asks("PUT", "CarePlan/another", one.stranger, {**plan, "id": "another"}), 403
    yield "hidden", one.reads(one.plan, one.stranger), 404
    glass = one.who("service", "stranger", purpose="BTG", reason="Haster")
    yield "emergency", one.reads(one.plan, glass), 200


def message_of(rest: Rest) -> httpx.Response:
    number = f"PID|1||E{next(_NUMBERS)}^^^DIPS^MR||Prøvesen^Test||19851115|F"
    Hospital(rest).raw(message("ADT^A08", "202611201000", number).encode())
    return httpx.Response(200)


def asked(rest: Rest, rid: str, one: Circle) -> Iterator[tuple[str, httpx.Response, int]]:
    """Operations without an end."""
    while True:
        for name, (ask, status) in KINDS.items():
            yield name, ask(rest, rid), status
        yield from changing(rest)
        yield from refused(one)
        yield "message", message_of(rest), 200


def count(rest: Rest) -> int:
    """Events of the log, but for those of having been read: these are one for each patient whom a page told of."""
    seen, answer = 0, rest.get("AuditEvent?_count=1000")
    while True:
        seen += sum(not is_of_the_log(event) for event in matches(answer))
        following = link(answer, "next")
        if following is None:
            return seen
        answer = rest("GET", following)


def is_of_the_log(event: Resource) -> bool:
    return any(one.get("query", "").startswith(_OF_THE_LOG) for one in event["entity"])


_OF_THE_LOG = b64encode(b"AuditEvent").decode()[:12]


def test_so_many_operations_are_so_many_events(rest: Rest) -> None:
    rid, one = patient(rest)["id"], circle(rest, "audited")
    before = count(rest)
    for name, answer, status in itertools.islice(asked(rest, rid, one), OPERATIONS):
        assert answer.status_code == status, (name, answer.text)
    assert count(rest) - before == OPERATIONS
