"""A service with one resource of every served type, what it says that it serves, and how its operations are called."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from fhir_service.resources import SERVED
from tests.minimal import minimal
from tests.ports import free_port
from tests.waiting import until

from .conftest import Service
from .hospital import Hospital
from .scenes import Scene
from .served_case import case_calls

JSON = {"content-type": "application/fhir+json"}
CODES, VALUES, MAP = "urn:example:codes", "urn:example:values", "urn:example:map"
FIRST = ("Organization", "Practitioner", "Patient", "Location", "Encounter", "Condition", "Medication")
"""What others must refer to."""
Answer = httpx.Response


@dataclass
class World:
    """The service with one resource of every type in it, and what it says that it serves."""

    client: httpx.Client
    scene: Scene
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
    with closing(Hospital(free_port())) as hospital, httpx.Client(base_url=shared_service.fhir + "/") as client:
        made = World(client, Scene(shared_service, hospital))
        for rtype in (*(t for t in FIRST if t in SERVED), *(t for t in SERVED if t not in FIRST)):
            made.made[rtype] = made.make(rtype)
            made.known[rtype] = made.create(rtype)
        made.statement = client.get("metadata").json()
        yield made


def begun(world: World, base: str) -> Answer:
    """An export that was asked for."""
    return world.client.get(f"{base}$export", headers={"prefer": "respond-async", "accept": "application/fhir+json"})


def finished(world: World) -> Answer:
    """The list of files of an export, when it is done."""
    where = begun(world, "").headers["content-location"]
    return until(lambda: _unless_under_way(world.client.get(where)))


def _unless_under_way(answer: Answer) -> Answer | None:
    return None if answer.status_code == 202 else answer


ANE = {"resourceType": "Patient", "name": [{"family": "Vik", "given": ["Ane"]}], "birthDate": "2015-11-01"}


def two_of(world: World) -> dict[str, Any]:
    """Two Patients to be made one."""
    named = [{"reference": world.create("Patient")} for _ in range(2)]
    names = ("source-patient", "target-patient")
    told = [{"name": name, "valueReference": one} for name, one in zip(names, named, strict=True)]
    return {"resourceType": "Parameters", "parameter": told}


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
        "match": [lambda: client.post("Patient/$match", json=ANE, headers=JSON)],
        "merge": [lambda: client.post("Patient/$merge", json=two_of(world), headers=JSON)],
        "export": [lambda: begun(world, f"{known['Group']}/" if rtype == "Group" else base)],
        "export-status": [lambda: finished(world)],
        "export-file": [lambda: client.get(finished(world).json()["output"][0]["url"])],
    }
    for_a_case = case_calls(world.scene)
    return [for_a_case[name]()] if name in for_a_case else [call() for call in calls[name]]
