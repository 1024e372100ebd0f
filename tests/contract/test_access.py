"""What a caller may not see neither shows nor matches, counts or sorts (decision 34); whatever way a search takes.

The predicate is an artificial one: the rows of one person are hidden.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause, bindparam, or_

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage import starts
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Changes, HistoryQuery, Page, Reads, Repository, Write
from profiles.resource import Resource
from tests.contract.database import BASE_URL, Database, query
from tests.contract.resources import coding, condition, patient, reference, resource, task


def _not_theirs(table: FromClause) -> ColumnElement[Any]:
    return or_(table.c.person_id.is_(None), table.c.person_id != bindparam("access_hidden"))


WITHOUT_ARNE = Access("without-one", _not_theirs, {"access_hidden": "arne"})
ARNE = "15918512397"


@pytest.fixture(params=["few", "many"], autouse=True)
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whether searches start at their conditions or at everything."""
    if request.param == "many":
        monkeypatch.setattr("fhir_service.storage.searching.FEW", -1)
        monkeypatch.setattr("fhir_service.storage.searching.FEW_BEYOND", -1)
        monkeypatch.setattr("fhir_service.storage.starts.SURE", -1)
        starts.starts.cache_clear()
    yield
    starts.starts.cache_clear()


async def keep(repository: Repository, person: str | None, *sent: Resource) -> None:
    async def work(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=tuple([await _write(tx, one, person) for one in sent]))

    await repository.run(work)


async def _write(tx: Reads, sent: Resource, person: str | None) -> Write:
    rtype, rid = sent["resourceType"], sent["id"]
    before = await tx.get(rtype, rid)
    version = before.version + 1 if before else 1
    return Write(rtype, rid, version, tx.now, sent, json.dumps(sent).encode(), person_id=person)


def _of(name: str, number: str | None = None) -> list[Resource]:
    """A person's resources; everybody's have the same words and codes."""
    about = reference(f"Patient/{name}")
    dose = {"value": 5, "unit": "mg"}
    there, gp = {"location": reference("Location/l")}, reference("Practitioner/gp")
    word = {"status": "generated", "div": f"<div>secret of {name}</div>"}
    return [
        patient(name, number, name=[{"family": "Berg"}], gender="male", generalPractitioner=[gp]),
        task(f"t-{name}", of=name, focus=reference(f"Condition/c-{name}"), text=word),
        condition(f"c-{name}", of=name, code=coding("s", "x"), text=word, onsetDateTime="2026-01-01"),
        resource("Observation", f"o-{name}", status="final", code=coding("s", "y"), subject=about, valueQuantity=dose),
        resource("Encounter", f"e-{name}", status="planned", subject=about, location=[there]),
    ]


async def story(repository: Repository) -> None:
    await keep(repository, None, resource("Practitioner", "gp"), resource("Location", "l"))
    await keep(repository, "arne", *_of("arne", ARNE))
    await keep(repository, "berit", *_of("berit"))
    listed = [{"item": reference("Patient/arne")}, {"item": reference("Patient/berit")}]
    plan = resource("CarePlan", "shared", status="active", intent="plan", subject=reference("Patient/arne"))
    await keep(repository, None, resource("List", "all", status="current", mode="working", entry=listed), plan)
    await keep(repository, "arne", resource("List", "arnes", status="current", mode="working", entry=listed))


def rids(found: tuple[Any, ...]) -> set[str]:
    return {f"{s.rtype}/{s.rid}" for s in found}


MATCHES = [
    ("Patient", [], {"berit"}),
    ("Patient", [("_id", "arne,berit")], {"berit"}),
    ("Patient", [("identifier", ARNE)], set()),
    ("Patient", [("family", "berg")], {"berit"}),
    ("Patient", [("gender", "male"), ("family", "berg")], {"berit"}),
    ("Patient", [("gender:missing", "false")], {"berit"}),
    ("Patient", [("birthdate:missing", "true"), ("_sort", "family")], {"berit"}),
    ("Patient", [("_has:Condition:patient:code", "x")], {"berit"}),
    ("Patient", [("_has:Task:patient:status", "requested")], {"berit"}),
    ("Patient", [("_list", "all")], {"berit"}),
    ("Patient", [("_list", "arnes")], set()),
    ("Task", [("patient", "arne")], set()),
    ("Task", [("status", "requested")], {"t-berit"}),
    ("Task", [("status:not", "completed")], {"t-berit"}),
    ("Task", [("patient.gender", "male")], {"t-berit"}),
    ("Task", [("focus:Condition.code", "x")], {"t-berit"}),
    ("Task", [("_text", "secret")], {"t-berit"}),
    ("Condition", [("_content", "arne")], set()),
    ("Condition", [("code", "x"), ("_text", "secret")], {"c-berit"}),
    ("Condition", [("onset-date", "2026-01-01"), ("_sort", "-onset-date")], {"c-berit"}),
    ("Observation", [("value-quantity", "5")], {"o-berit"}),
    ("Observation", [("code-value-quantity", "y$5")], {"o-berit"}),
    ("CarePlan", [], {"shared"}),
    ("CarePlan", [("subject", "Patient/arne")], {"shared"}),
    ("CarePlan", [("subject.identifier", ARNE)], set()),
    ("CarePlan", [("subject:Patient.gender", "male")], set()),
    ("CarePlan", [("patient.family", "berg")], set()),
    ("Practitioner", [("_has:Patient:general-practitioner:identifier", ARNE)], set()),
    ("Practitioner", [("_has:Patient:general-practitioner:gender", "male")], {"gp"}),
    ("Location", [("_has:Encounter:location:patient.identifier", ARNE)], set()),
]  # fmt: skip


def test_hidden_resources_never_match_nor_count(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        for rtype, params, expected in MATCHES:
            page = await repository.search(query(rtype, *params, ("_total", "accurate")), WITHOUT_ARNE)
            assert {m.rid for m in page.matches} == expected, (rtype, params)
            assert page.total == len(expected), (rtype, params)
        everything = await repository.search(query("Patient", ("_total", "accurate")), EVERYTHING)
        assert everything.total == 2

    database.run(told)


def test_hidden_resources_are_not_included(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def found(rtype: str, *params: tuple[str, str]) -> Page:
            return await repository.search(query(rtype, *params), WITHOUT_ARNE)

        await story(repository)
        page = await found("CarePlan", ("_include", "CarePlan:subject"), ("_include", "CarePlan:patient"))
        assert (rids(page.matches), page.included) == ({"CarePlan/shared"}, ())
        page = await found("List", ("_include", "List:item"), ("_include:iterate", "Patient:general-practitioner"))
        assert rids(page.included) == {"Patient/berit", "Practitioner/gp"}
        page = await found("Practitioner", ("_revinclude", "Patient:general-practitioner"))
        assert rids(page.included) == {"Patient/berit"}
        page = await found("Location", ("_revinclude", "*"), ("_include:iterate", "Encounter:patient"))
        assert rids(page.included) == {"Encounter/e-berit", "Patient/berit"}

    database.run(told)


def _over_types(
    *params: tuple[str, str], of: tuple[str, str] | None = None, after: Cursor | None = None
) -> SearchQuery:
    found = parse(None, params, base_url=BASE_URL, compartment=of, after=after).query
    assert found
    return found


def test_hidden_resources_are_in_no_search_over_types(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        types = ("_type", "Patient,Task,Condition,List")
        seen: set[str] = set()
        after: Cursor | None = None
        while True:
            asked = _over_types(types, ("_count", "2"), ("_total", "accurate"), after=after)
            page = await repository.search(asked, WITHOUT_ARNE)
            seen |= rids(page.matches)
            assert page.total == 4
            if page.following is None:
                break
            after = Cursor(*page.following)
        assert seen == {"Patient/berit", "Task/t-berit", "Condition/c-berit", "List/all"}
        page = await repository.search(_over_types(of=("Patient", "arne")), WITHOUT_ARNE)
        assert rids(page.matches) <= {"CarePlan/shared", "List/all"}

    database.run(told)


def test_hidden_resources_are_neither_read_nor_in_a_history(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        await keep(repository, "arne", *_of("arne", ARNE))
        assert await repository.read("Patient", "arne", WITHOUT_ARNE) is None
        assert await repository.read("Patient", "berit", WITHOUT_ARNE) is not None
        for version in (1, 2):
            assert await repository.vread("Patient", "arne", version, WITHOUT_ARNE) is None
            assert await repository.vread("Patient", "arne", version) is not None
        for asked in (HistoryQuery(None), HistoryQuery("Patient"), HistoryQuery("Patient", "arne")):
            page = await repository.history(asked, WITHOUT_ARNE)
            assert "Patient/arne" not in rids(page.versions)
            assert "Patient/arne" in rids((await repository.history(asked)).versions)

    database.run(told)


def test_version_that_is_hidden_is_not_included(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await keep(repository, "arne", resource("Organization", "o"))
        await keep(repository, None, resource("Organization", "o"))
        await keep(
            repository, None, resource("Patient", "p", managingOrganization=reference("Organization/o/_history/1"))
        )
        asked = query("Patient", ("_include", "Patient:organization"))
        assert [s.version for s in (await repository.search(asked, WITHOUT_ARNE)).included] == [2]
        assert [s.version for s in (await repository.search(asked)).included] == [1]

    database.run(told)


def test_search_within_a_unit_of_work_hides_the_same(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def work(tx: Reads) -> tuple[set[str], Changes]:
            plain = await tx.search(query("Task", ("status", "requested")), WITHOUT_ARNE)
            words = await tx.search(query("Task", ("_text", "secret")), WITHOUT_ARNE)
            assert rids(plain.matches) == rids(words.matches)
            return rids(plain.matches), Changes()

        await story(repository)
        assert await repository.run(work) == {"Task/t-berit"}

    database.run(told)
