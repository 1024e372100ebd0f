"""Persons for tests of who is one: Patients with numbers, and imported plans and teams of theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from fhir_service.settings import Settings
from profiles import names
from profiles.resource import Resource
from tests import postgres
from tests.rest.conftest import BASE, FHIR_JSON, Rest, matches, opened_rest
from tests.unit.rules import world

FNR, DNR, FHN, DUF = names.FNR, names.DNR, names.FHN, names.DUF
IMPORT = FHIR_JSON | {"x-knutepunkt-purpose": "import"}
KE = {"x-knutepunkt-role": "ke"}
DATABASES = ("sqlite", "postgresql")
N1, N2 = "15918512397", "01911560042"
IN_FORCE = "draft,active,on-hold"


@contextmanager
def opened(folder: Path, url: str = "") -> Iterator[Rest]:
    """A service that does not mind references to what it does not have: the world's others are not in it."""
    database = folder / "k.db"
    settings = Settings(
        database=url or f"sqlite:///{database}",
        mllp="",
        base_url=BASE,
        referential_integrity=False,
        export_folder=folder,
    )
    with opened_rest(settings, database) as client:
        yield client


@contextmanager
def opened_on(database: str, folder: Path) -> Iterator[Rest]:
    """The same on one of `DATABASES`."""
    if database == "sqlite":
        with opened(folder) as client:
            yield client
        return
    with postgres.empty_database() as url, opened(folder, url) as client:
        yield client


def numbers(*pairs: tuple[str, str]) -> list[Resource]:
    return [{"system": system, "value": value} for system, value in pairs]


def person(rest: Rest, *pairs: tuple[str, str], **elements: Any) -> Resource:
    """A stored Patient with these numbers."""
    return rest.stored({"resourceType": "Patient", **({"identifier": numbers(*pairs)} if pairs else {}), **elements})


def two(rest: Rest) -> tuple[Resource, Resource]:
    """Two stored Patients."""
    return person(rest, (FNR, N1)), person(rest, (FNR, N2))


def now(rest: Rest, resource: Resource) -> Any:
    """A resource as it is stored by now."""
    return rest.get(f"{resource['resourceType']}/{resource['id']}").json()


def of(patient: Resource, resource: Resource, **elements: Any) -> Resource:
    """A resource of the world's person, about `patient`, marked as imported and without its id."""
    element = {"Consent": "patient", "Task": "for"}.get(resource["resourceType"], "subject")
    about = {element: {"reference": f"Patient/{patient['id']}"}}
    tagged = {"meta": {"tag": [{"system": names.TAG, "code": "imported"}]}}
    return {k: v for k, v in resource.items() if k != "id"} | about | tagged | elements


def brought(rest: Rest, resource: Resource) -> httpx.Response:
    return rest("POST", resource["resourceType"], json=resource, headers=IMPORT)


def planned(rest: Rest, patient: Resource, **elements: Any) -> httpx.Response:
    """The answer to a plan for the person."""
    return brought(rest, of(patient, world.plan(), **elements))


def plan_of(rest: Rest, patient: Resource, **elements: Any) -> Resource:
    answer = planned(rest, patient, **elements)
    assert answer.status_code == 201, answer.text
    made: Resource = answer.json()
    return made


def team_of(rest: Rest, patient: Resource) -> Resource:
    """A stored team in force that has a coordinator."""
    answer = brought(rest, of(patient, world.team(status="active")))
    assert answer.status_code == 201, answer.text
    made: Resource = answer.json()
    return made


def changed(rest: Rest, resource: Resource, headers: dict[str, str] | None = None, **elements: Any) -> httpx.Response:
    """PUT of a resource as it is now, with elements replaced (None: removed)."""
    path = f"{resource['resourceType']}/{resource['id']}"
    now = rest.get(path).json()
    after = {k: v for k, v in (now | elements).items() if v is not None}
    matching = {"if-match": f'W/"{now["meta"]["versionId"]}"'}
    return rest("PUT", path, json=after, headers=FHIR_JSON | matching | (headers or {}))


def ended(rest: Rest, plan: Resource, why: str = "merged") -> httpx.Response:
    reason = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": world.reason(why)}
    reason["valueCodeableConcept"]["coding"][0]["system"] = names.STATUS_REASON
    return changed(rest, plan, status="revoked", extension=[*plan.get("extension", []), reason])


def in_force(rest: Rest, patient: Resource) -> list[Resource]:
    return matches(rest.get(f"CarePlan?patient={patient['id']}&status={IN_FORCE}"))


def replaced_by(other: Resource) -> list[Resource]:
    return [{"other": {"reference": f"Patient/{other['id']}"}, "type": "replaced-by"}]


def tasks(rest: Rest, code: str) -> list[Resource]:
    return matches(rest.get(f"Task?code={names.KE_TASK_CODE}|{code}&_count=100"))
