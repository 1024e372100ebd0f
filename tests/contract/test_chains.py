"""Chains and `_has`: what is said of another resource.  https://hl7.org/fhir/R4/search.html#chaining

Each from both ends: where the far end narrows, the search starts there; where it does not, it is asked of each.
"""

from collections.abc import Iterator

import pytest

from fhir_service.storage import starts
from fhir_service.storage.port import Repository
from profiles import names
from profiles.resource import Resource
from tests.contract.database import Database, delete, put, search
from tests.contract.resources import coding, condition, patient, reference, resource, task

AHUS = reference("Organization/ahus")
ARNE, BERIT = "15918512397", "15821470134"


@pytest.fixture(params=["few", "many"], autouse=True)
def far_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whether the far end counts as narrow: the answer is the same."""
    if request.param == "many":
        monkeypatch.setattr("fhir_service.storage.searching.FEW", -1)
        monkeypatch.setattr("fhir_service.storage.searching.FEW_BEYOND", -1)
        monkeypatch.setattr("fhir_service.storage.starts.SURE", -1)
        starts.starts.cache_clear()
    yield
    starts.starts.cache_clear()


def _name(family: str) -> list[object]:
    return [{"family": family}]


def zone_plan(rid: str, of: str) -> Resource:
    return resource("CarePlan", rid, status="active", intent="plan", subject=reference(of))


async def story(repository: Repository) -> None:
    await put(
        repository,
        resource("Organization", "ous", name="Ullevål", identifier=[{"system": names.HER_ID, "value": "83"}]),
        resource("Organization", "ahus", name="Ahus", partOf=reference("Organization/ous")),
        patient("arne", ARNE, name=_name("Berg"), gender="male", birthDate="1985-11-15", active=True),
        patient(
            "berit", BERIT, name=_name("Dal"), gender="female", managingOrganization=reference("Organization/ahus")
        ),
        resource("Group", "berg", type="person", actual=True, identifier=[{"system": "s", "value": "g"}]),
    )
    await put(
        repository,
        zone_plan("p1", "Patient/arne"),
        task("t1", of="arne"),
        condition("c1", of="arne", code=coding("s", "x")),
    )
    await put(repository, zone_plan("p2", "Patient/berit"), task("t2", of="berit"), condition("c2", of="berit"))
    await put(
        repository,
        zone_plan("p3", "Group/berg"),
        task("t3", of="berit", focus=reference("CarePlan/p1"), partOf=[reference("Task/t1")]),
    )


CASES: tuple[tuple[str, str, str, set[str]], ...] = (
    ("CarePlan", "subject.identifier", ARNE, {"p1"}),
    ("CarePlan", "subject.identifier", f"{names.FNR}|{ARNE},g", {"p1", "p3"}),
    ("CarePlan", "subject:Patient.identifier", "g", set()),
    ("CarePlan", "subject:Group.identifier", "g", {"p3"}),
    ("CarePlan", "patient.identifier", BERIT, {"p2"}),
    ("CarePlan", "patient.name", "be", {"p1"}),
    ("CarePlan", "patient._id", "berit", {"p2"}),
    ("Task", "patient.birthdate", "1985-11-15", {"t1"}),
    ("Task", "patient.birthdate", "ge1985", {"t1"}),
    ("Task", "patient.birthdate:missing", "true", {"t2", "t3"}),
    ("Task", "patient.gender", "female", {"t2", "t3"}),
    ("Task", "patient.gender:not", "female", {"t1"}),
    ("Task", "patient.active:missing", "true", {"t2", "t3"}),
    ("Task", "patient.organization.name", "ahus", {"t2", "t3"}),
    ("Task", "patient.organization.partof.identifier", "83", {"t2", "t3"}),
    ("Task", "focus:CarePlan.patient.identifier", ARNE, {"t3"}),
    ("Task", "focus:CarePlan.status", "active", {"t3"}),
    ("Task", "part-of.patient.family", "berg", {"t3"}),
    ("Task", "part-of.status", "requested", {"t3"}),
    ("Condition", "subject:Patient.name:exact", "Berg", {"c1"}),
    ("Condition", "patient.gender", "male", {"c1"}),
    ("Condition", "patient.identifier", "nobody", set()),
    ("Patient", "_has:Condition:patient:code", "x", {"arne"}),
    ("Patient", "_has:Condition:patient:code", "s|x,s|y", {"arne"}),
    ("Patient", "_has:Condition:patient:code:missing", "true", {"berit"}),
    ("Patient", "_has:Task:patient:status", "requested", {"arne", "berit"}),
    ("Patient", "_has:Task:patient:_id", "t1", {"arne"}),
    ("Patient", "_has:Task:patient:focus", "CarePlan/p1", {"berit"}),
    ("Patient", "_has:CarePlan:patient:_has:Task:focus:status", "requested", {"arne"}),
    ("Patient", "_has:CarePlan:patient:_has:Task:focus:_id", "t3", {"arne"}),
    ("CarePlan", "_has:Task:focus:patient.identifier", BERIT, {"p1"}),
    ("Organization", "_has:Patient:organization:gender", "female", {"ahus"}),
    ("Organization", "_has:Organization:partof:name", "ahus", {"ous"}),
)


def test_resources_are_found_by_what_they_lead_to(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        for rtype, name, value, expected in CASES:
            assert set(await search(repository, rtype, (name, value))) == expected, (rtype, name, value)

    database.run(told)


def test_criteria_stand_beside_chains(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        gender = ("patient.gender", "female")
        assert await search(repository, "Task", gender, ("focus", "CarePlan/p1")) == ["t3"]
        assert await search(repository, "Task", gender, ("patient.identifier", ARNE)) == []
        assert await search(repository, "Task", gender, ("part-of:missing", "true")) == ["t2"]
        assert await search(repository, "Patient", ("gender", "male"), ("_has:Task:patient:status", "requested")) == [
            "arne"
        ]
        assert await search(repository, "Patient", ("family", "b"), ("_has:Condition:patient:code", "x")) == ["arne"]
        found = await search(repository, "Task", gender, ("_sort", "_id"), ("_total", "accurate"))
        assert found == ["t2", "t3"]

    database.run(told)


def test_what_is_deleted_leads_nowhere(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        await delete(repository, "Patient", "berit")
        await delete(repository, "Condition", "c1")
        for told_of in (("patient.gender", "female"), ("patient.active:missing", "true"), ("patient._id", "berit")):
            assert await search(repository, "Task", told_of) == []
        assert await search(repository, "Patient", ("_has:Condition:patient:code", "x")) == []
        assert await search(repository, "Patient", ("_has:Task:patient:status", "requested")) == ["arne"]

    database.run(told)


def test_list_finds_what_is_on_it(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        entries = [{"item": reference("Patient/arne")}, {"item": reference("Task/t2")}]
        await put(repository, resource("List", "l", status="current", mode="working", entry=entries))
        assert await search(repository, "Patient", ("_list", "l")) == ["arne"]
        assert await search(repository, "Task", ("_list", "l"), ("status", "requested")) == ["t2"]
        assert await search(repository, "Task", ("_list", "other")) == []

    database.run(told)
