"""What /metadata lists works: every interaction, parameter, modifier, include and operation of every type is called.

The calls are made from the CapabilityStatement of the running process, so that what is added is called, too.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from fhir_service.resources import SERVED
from fhir_service.search import parameters

from .served_world import CODES, JSON, VALUES, Answer, World, called, world

__all__ = ["world"]

ACCEPT = {"accept": "application/fhir+json"}
"""A Binary would come as itself."""
PATCH = {"content-type": "application/json-patch+json"}


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


@pytest.mark.parametrize("rtype", [rtype for rtype in SERVED if rtype != "AuditEvent"])  # asking adds to what there is
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
    world.create("Patient")  # one more, whichever tests ran before
    page = world.client.get("Patient", params={"_count": 1, "_total": "accurate"}).json()
    links = {link["relation"]: link["url"] for link in page["link"]}
    assert {"self", "next"} <= set(links)
    for url in (*links.values(), page["entry"][0]["fullUrl"]):
        assert world.client.get(url).status_code == 200, quote(url)


def test_everything_that_was_made_is_still_what_it_was(world: World) -> None:
    for rtype, made in world.made.items():
        found = json.loads(world.client.get(f"{world.known[rtype]}/_history/1", headers=ACCEPT).content)
        assert {name: found[name] for name in made} == made, rtype
