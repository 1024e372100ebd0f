"""What /metadata lists works: every interaction, parameter, modifier, include and operation of every type is called.

The calls are made from the CapabilityStatement of the running process, so that what is added is called, too.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from fhir_service.resources import SERVED
from fhir_service.search import parameters
from tests.minimal import minimal

from .conftest import Service

JSON = {"content-type": "application/fhir+json"}
ACCEPT = {"accept": "application/fhir+json"}
"""A Binary would come as itself."""
PATCH = {"content-type": "application/json-patch+json"}
CODES, VALUES, MAP = "urn:example:codes", "urn:example:values", "urn:example:map"
FIRST = ("Organization", "Practitioner", "Patient", "Location", "Encounter", "Condition", "Medication")
"""What others must refer to."""
Answer = httpx.Response


@dataclass
class World:
    """The service with one resource of every type in it, and what it says that it serves."""

    client: httpx.Client
    known: dict[str, str] = field(default_factory=dict)
    """Type -> reference"""
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Type -> what was sent for it"""
    statement: dict[str, Any] = field(default_factory=dict)

    @property
    def rest(self) -> dict[str, Any]:
        return self.statement["rest"][0]

    def of(self, rtype: str) -> dict[str, Any]:
        return next(r for r in self.rest["resource"] if r["type"] == rtype)

    def make(self, rtype: str) -> dict[str, Any]:
        """A valid resource to send."""
        return minimal(rtype, self.known) | OWN.get(rtype, {})

    def create(self, rtype: str) -> str:
        """One more of the type; its reference."""
        made = self.client.post(rtype, json=self.make(rtype), headers=JSON)
        assert made.status_code == 201, made.text
        return f"{rtype}/{made.json()['id']}"


OWN: Mapping[str, dict[str, Any]] = {
    "CodeSystem": {
        "url": CODES,
        "content": "complete",
        "hierarchyMeaning": "is-a",
        "concept": [{"code": "minimal", "display": "Minimal", "concept": [{"code": "less"}]}],
    },
    "ValueSet": {"url": VALUES, "compose": {"include": [{"system": CODES}]}},
    "ConceptMap": {
        "url": MAP,
        "sourceUri": VALUES,
        "targetUri": VALUES,
        "group": [
            {
                "source": CODES,
                "target": CODES,
                "element": [{"code": "minimal", "target": [{"code": "less", "equivalence": "equivalent"}]}],
            }
        ],
    },
}
"""What the terminology operations ask about."""


@pytest.fixture(scope="module")
def world(shared_service: Service) -> Iterator[World]:
    with httpx.Client(base_url=shared_service.fhir + "/", timeout=60) as client:
        made = World(client)
        for rtype in (*(t for t in FIRST if t in SERVED), *(t for t in SERVED if t not in FIRST)):
            made.made[rtype] = made.make(rtype)
            made.known[rtype] = made.create(rtype)
        made.statement = client.get("metadata").json()
        yield made


def test_statement_lists_what_is_served(world: World) -> None:
    assert [r["type"] for r in world.rest["resource"]] == sorted(SERVED)
    assert {i["code"] for i in world.rest["interaction"]} == {
        *("transaction", "batch", "search-system", "history-system")
    }


def create(world: World, rtype: str) -> tuple[Answer, int]:
    return world.client.post(rtype, json=world.make(rtype), headers=JSON), 201


def read(world: World, rtype: str) -> tuple[Answer, int]:
    return world.client.get(world.known[rtype]), 200


def vread(world: World, rtype: str) -> tuple[Answer, int]:
    return world.client.get(f"{world.known[rtype]}/_history/1"), 200


def update(world: World, rtype: str) -> tuple[Answer, int]:
    known = world.known[rtype]
    body = world.make(rtype) | {"id": known.split("/")[1], "language": "nb"}
    return world.client.put(known, json=body, headers=JSON), 200


def patch(world: World, rtype: str) -> tuple[Answer, int]:
    body = [{"op": "add", "path": "/language", "value": "nn"}]
    return world.client.patch(world.known[rtype], json=body, headers=PATCH), 200


def delete(world: World, rtype: str) -> tuple[Answer, int]:
    one = world.create(rtype)
    gone = world.client.delete(one)
    assert world.client.get(one).status_code == 410
    return gone, 204


def search_type(world: World, rtype: str) -> tuple[Answer, int]:
    rid = world.known[rtype].split("/")[1]
    posted = world.client.post(f"{rtype}/_search", data={"_id": rid})
    found = world.client.get(rtype, params={"_id": rid})
    assert [entries(answer) for answer in (posted, found)] == [[world.known[rtype]]] * 2
    return found, 200


INTERACTIONS: Mapping[str, Callable[[World, str], tuple[Answer, int]]] = {
    "create": create,
    "read": read,
    "vread": vread,
    "update": update,
    "patch": patch,
    "delete": delete,
    "search-type": search_type,
    "history-instance": lambda w, rtype: (w.client.get(f"{w.known[rtype]}/_history"), 200),
    "history-type": lambda w, rtype: (w.client.get(f"{rtype}/_history"), 200),
}


def entries(answer: Answer) -> list[str]:
    found = answer.json().get("entry", ())
    return [f"{e['resource']['resourceType']}/{e['resource'].get('id')}" for e in found]


@pytest.mark.parametrize("rtype", SERVED)
def test_every_interaction_is_served(world: World, rtype: str) -> None:
    for interaction in world.of(rtype)["interaction"]:
        answer, expected = INTERACTIONS[interaction["code"]](world, rtype)
        assert answer.status_code == expected, f"{interaction['code']} {rtype}: {answer.text[:500]}"


@pytest.mark.parametrize("rtype", SERVED)
def test_every_condition_that_is_listed_is_heard(world: World, rtype: str) -> None:
    told = world.of(rtype)
    rid = world.known[rtype].split("/")[1]
    client = world.client
    if told.get("conditionalCreate"):
        answer = client.post(rtype, json=world.make(rtype), headers={**JSON, "if-none-exist": f"_id={rid}"})
        assert answer.status_code == 200, answer.text[:500]
    if told.get("conditionalRead") in ("full-support", "not-match"):
        tag = client.get(world.known[rtype]).headers["etag"]
        assert client.get(world.known[rtype], headers={"if-none-match": tag}).status_code == 304
    if told.get("updateCreate"):
        body = world.make(rtype) | {"id": f"made-{rtype.lower()}"}
        assert client.put(f"{rtype}/{body['id']}", json=body, headers=JSON).status_code == 201
    if told.get("conditionalUpdate"):
        answer = client.put(rtype, params={"_id": rid}, json=world.make(rtype) | {"id": rid}, headers=JSON)
        assert answer.status_code == 200, answer.text[:500]
    if told.get("conditionalDelete", "not-supported") != "not-supported":
        gone = world.create(rtype)
        answer = client.delete(rtype, params={"_id": gone.split("/")[1]})
        assert answer.status_code in (200, 204), answer.text[:500]
        assert client.get(gone).status_code == 410


VALUES_OF: Mapping[str, str] = {
    "token": f"{CODES}|minimal",
    "string": "Minimal",
    "date": "2026-03",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/minimal",
    "uri": "urn:example:minimal",
    "special": "63.43|10.39|10|km",
}
OF_MODIFIER: Mapping[str, str] = {
    "missing": "true",
    "identifier": "urn:example:ids|minimal",
    "of-type": f"{CODES}|minimal|minimal",
    "in": VALUES,
    "not-in": VALUES,
    "text": "minimal",
    "exact": "Minimal",
    "contains": "inim",
}
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def value_for(rtype: str, code: str, kind: str) -> str:
    """A value that the parameter takes."""
    own = {"_id": "minimal", "_lastUpdated": "gt2020-01-01", "_content": "minimal", "_text": "minimal", "_list": "x"}
    if code in own:
        return own[code]
    known = parameters(rtype).get(code)
    if kind == "composite" and known:
        return "$".join(VALUES_OF[c.parameter.declared] for c in known.components)
    if kind == "token" and known and known.codes:
        return min(known.codes)
    if kind == "token" and known and any(branch.type == "boolean" for branch in known.branches):
        return "true"
    if kind == "reference" and known and known.targets:
        return f"{known.targets[0]}/minimal"
    return VALUES_OF[kind]


def modifiers_of(parameter: Mapping[str, str]) -> list[str]:
    told = parameter.get("documentation", "")
    _, found, listed = told.partition("Modifiers: ")
    return [m.strip().lstrip(":") for m in listed.split(".")[0].split(",")] if found else []


def questions(rtype: str, parameter: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Everything that the statement says may be asked by one parameter."""
    code, kind = parameter["name"], parameter["type"]
    value = value_for(rtype, code, kind)
    if code == "_has":
        yield "_has:Provenance:target:_id", "minimal"
        return
    yield code, value
    if kind in ("date", "number", "quantity") and code != "_lastUpdated":
        yield from ((code, prefix + value) for prefix in PREFIXES)
    for modifier in modifiers_of(parameter):
        coded = kind == "token" and modifier in ("above", "below")
        yield f"{code}:{modifier}", VALUES_OF["token"] if coded else OF_MODIFIER.get(modifier, value)


@pytest.mark.parametrize("rtype", SERVED)
def test_every_parameter_is_answered(world: World, rtype: str) -> None:
    asked = [q for parameter in world.of(rtype).get("searchParam", ()) for q in questions(rtype, parameter)]
    assert len(asked) > 3 or rtype in ("Parameters",)
    refused = []
    for code, value in asked:
        answer = world.client.get(rtype, params={code: value})
        if answer.status_code != 200 or answer.json()["type"] != "searchset":
            refused.append((code, value, answer.status_code, answer.text[-200:]))
    assert refused == []


@pytest.mark.parametrize("rtype", SERVED)
def test_every_parameter_finds_what_lacks_it_or_not(world: World, rtype: str) -> None:
    """`:missing` true and false together are everything."""
    everything = set(entries(world.client.get(rtype, params={"_count": 1000})))
    for parameter in world.of(rtype).get("searchParam", ()):
        if "missing" in modifiers_of(parameter):
            sides = [
                set(entries(world.client.get(rtype, params={f"{parameter['name']}:missing": side, "_count": 1000})))
                for side in ("true", "false")
            ]
            assert sides[0] | sides[1] == everything, parameter["name"]
            assert not sides[0] & sides[1], parameter["name"]


@pytest.mark.parametrize("rtype", SERVED)
def test_every_include_is_answered(world: World, rtype: str) -> None:
    told = world.of(rtype)
    asked = [("_include", value) for value in told.get("searchInclude", ())]
    asked += [("_revinclude", value) for value in told.get("searchRevInclude", ())]
    asked += [(f"{name}:iterate", value) for name, value in asked[:2]]
    refused = []
    for name, value in asked:
        answer = world.client.get(rtype, params={name: value, "_count": 2})
        if answer.status_code != 200:
            refused.append((name, value, answer.status_code, answer.text[-200:]))
    assert refused == []


def begun(world: World, base: str) -> Answer:
    """An export that was asked for."""
    return world.client.get(f"{base}$export", headers={"prefer": "respond-async", "accept": "application/fhir+json"})


def finished(world: World) -> Answer:
    """The list of files of an export, when it is done."""
    where = begun(world, "").headers["content-location"]
    deadline = time.monotonic() + 60
    while (answer := world.client.get(where)).status_code == 202 and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def called(world: World, name: str, rtype: str) -> list[Answer]:
    """An operation at every level where it makes sense to call it without more than this."""
    client, known = world.client, world.known
    base = f"{rtype}/" if rtype else ""
    one = known.get(rtype, "Patient/none")
    body = world.make(rtype or "Patient")
    meta = {"name": "meta", "valueMeta": {"tag": [{"system": CODES, "code": "called"}]}}
    told = {"resourceType": "Parameters", "parameter": [meta]}
    both = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]}
    calls: dict[str, list[Callable[[], Answer]]] = {
        "validate": [
            lambda: client.post(f"{base}$validate", json=body, headers=JSON),
            lambda: client.post(f"{base}$validate", json=both, headers=JSON),
        ],
        "everything": [lambda: client.get(f"{one}/$everything")],
        "meta": [lambda: client.get(f"{one if rtype else ''}/$meta".lstrip("/"))],
        "meta-add": [lambda: client.post(f"{one}/$meta-add", json=told, headers=JSON)],
        "meta-delete": [lambda: client.post(f"{one}/$meta-delete", json=told, headers=JSON)],
        "expand": [
            lambda: client.get("ValueSet/$expand", params={"url": VALUES}),
            lambda: client.get(f"{known['ValueSet']}/$expand"),
        ],
        "validate-code": [
            lambda: client.get(
                f"{base}$validate-code",
                params={"url": VALUES if rtype == "ValueSet" else CODES, "code": "minimal", "system": CODES}
                if rtype == "ValueSet"
                else {"url": CODES, "code": "minimal"},
            )
        ],
        "lookup": [lambda: client.get("CodeSystem/$lookup", params={"system": CODES, "code": "minimal"})],
        "subsumes": [
            lambda: client.get("CodeSystem/$subsumes", params={"system": CODES, "codeA": "minimal", "codeB": "less"})
        ],
        "translate": [
            lambda: client.get("ConceptMap/$translate", params={"url": MAP, "system": CODES, "code": "minimal"})
        ],
        "export": [lambda: begun(world, f"{known['Group']}/" if rtype == "Group" else base)],
        "export-status": [lambda: finished(world)],
        "export-file": [lambda: client.get(finished(world).json()["output"][0]["url"])],
    }
    return [call() for call in calls[name]]


def test_every_operation_is_answered(world: World) -> None:
    listed = {("", o["name"]) for o in world.rest.get("operation", ())}
    listed |= {(r["type"], o["name"]) for r in world.rest["resource"] for o in r.get("operation", ())}
    assert len(listed) > 10
    refused = [
        (rtype, name, answer.status_code, answer.text[-300:])
        for rtype, name in sorted(listed)
        for answer in called(world, name, rtype)
        if not answer.is_success
    ]
    assert refused == []


def test_every_operation_is_defined_where_it_says(world: World) -> None:
    """Our own definitions are read at their address here; HL7's stand at HL7."""
    listed = {o["definition"] for r in [world.rest, *world.rest["resource"]] for o in r.get("operation", ())}
    ours = [url for url in listed if not url.startswith("http://hl7.org/")]
    missing = [url for url in ours if not entries(world.client.get("OperationDefinition", params={"url": url}))]
    assert missing == []


def bundle(kind: str) -> dict[str, Any]:
    request = {"method": "POST", "url": "Basic"}
    entry = {"resource": {"resourceType": "Patient"}, "request": request | {"url": "Patient"}}
    return {"resourceType": "Bundle", "type": kind, "entry": [entry]}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_bundle_is_carried_out(world: World, kind: str) -> None:
    answer = world.client.post("", json=bundle(kind), headers=JSON)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["type"] == f"{kind}-response"
    assert answer.json()["entry"][0]["response"]["status"].startswith("201")


def test_system_is_searched_and_has_a_history(world: World) -> None:
    assert world.client.get("", params={"_type": "Patient,Task"}).status_code == 200
    assert world.client.post("_search", data={"_type": "Patient"}).status_code == 200
    assert world.client.get("_history").json()["type"] == "history"
    for parameter in world.rest.get("searchParam", ()):
        for code, value in questions(SERVED[0], parameter):
            answer = world.client.get("", params={"_type": "Patient", code: value})
            assert answer.status_code == 200, (code, value, answer.text[-300:])


@pytest.mark.parametrize("about", ["Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"])
def test_compartment_is_searched(world: World, about: str) -> None:
    listed = [c.rsplit("/", 1)[1] for c in world.rest.get("compartment", ())]
    assert about.lower() in listed
    assert world.client.get(f"{world.known[about]}/*").status_code == 200
    assert world.client.get(f"{world.known[about]}/Observation").status_code == 200


def test_addresses_in_an_answer_can_be_followed(world: World) -> None:
    page = world.client.get("Patient", params={"_count": 1, "_total": "accurate"}).json()
    links = {link["relation"]: link["url"] for link in page["link"]}
    assert {"self", "next"} <= set(links)
    for url in (*links.values(), page["entry"][0]["fullUrl"]):
        assert world.client.get(url).status_code == 200, quote(url)


def test_everything_that_was_made_is_still_what_it_was(world: World) -> None:
    for rtype, made in world.made.items():
        found = json.loads(world.client.get(f"{world.known[rtype]}/_history/1", headers=ACCEPT).content)
        assert {name: found[name] for name in made} == made, rtype
