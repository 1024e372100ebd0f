"""What grants open, in SQL as in `Sight.shows`; and that they are written with the change (decision 34, SR-27)."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from fhir_service.access.labels import column, labels_in
from fhir_service.principal import DEVELOPER, Principal
from fhir_service.sight import HIDDEN, WHOLE, Grant, Granted, Sight
from fhir_service.storage.access import EVERYTHING, Access, access_of, in_emergency
from fhir_service.storage.instants import micros
from fhir_service.storage.port import NOTHING, Changes, HistoryQuery, Reads, Repository, Write
from profiles.resource import Resource
from tests.contract.database import Database, query
from tests.contract.resources import patient, resource

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
DAY = 24 * 3600 * 10**6
LABELS: tuple[tuple[str, ...], ...] = (
    (), ("frame",), ("school",), ("school", "trust"), ("-representative", "school"), ("@Organization/x",), ("-ke",),
    ("+Organization/x", "frame"), ("%", "frame"), ("schoolyard",), ("@Organization/xy",), ("-representative",),
)  # fmt: skip
OPENED = ("*", "frame", "school", "~representative", "~ke", "+Organization/x", "existence")
X = Principal(organization="Organization/x")


async def put(repository: Repository, *writes: tuple[Resource, str | None, tuple[str, ...]], **more: Any) -> None:
    """(resource, person, labels) of each."""

    async def work(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=tuple([await _write(tx, *one, **more) for one in writes]))

    await repository.run(work)


async def _write(tx: Reads, sent: Resource, person: str | None, labels: tuple[str, ...], **more: Any) -> Write:
    rtype, rid = sent["resourceType"], sent["id"]
    before = await tx.get(rtype, rid)
    body = json.dumps(sent).encode()
    version = before.version + 1 if before else 1
    return Write(rtype, rid, version, tx.now, sent, body, person_id=person, sector=column(labels), **more)


async def grant(repository: Repository, person: str, *grants: Grant) -> None:
    async def work(_: Reads) -> tuple[None, Changes]:
        return None, Changes(grants=(Granted(person, frozenset(grants)),))

    await repository.run(work)


def to_x(person: str, sector: str, role: str = "", days: tuple[int, int] = (-1, 1)) -> Grant:
    starts, ends = (micros(NOW) + day * DAY for day in days)
    return Grant(person, "Organization/x", role, sector, starts, ends)


async def found(repository: Repository, by: Principal, now: datetime = NOW, rtype: str = "Patient") -> set[str]:
    page = await repository.search(query(rtype, ("_count", "100"), ("_total", "accurate")), access_of(by, now))
    assert page.total == len(page.matches)
    return {row.rid for row in page.matches}


@pytest.mark.parametrize("opened", OPENED)
def test_grants_open_the_same_in_a_search_as_in_a_view(database: Database, opened: str) -> None:
    async def told(repository: Repository) -> None:
        people = {f"p{n}": labels for n, labels in enumerate(LABELS)}
        await put(repository, *[(patient(rid), "person", labels) for rid, labels in people.items()])
        await grant(repository, "person", to_x("person", opened))
        sight = (await repository.sights(["person"], access_of(X, NOW)))["person"]
        assert sight == Sight(labels=frozenset({opened}), organization="Organization/x")
        shown = {rid for rid, labels in people.items() if sight.shows(labels)}
        assert await found(repository, X) == shown
        for rid in people:
            assert (await repository.read("Patient", rid, access_of(X, NOW)) is not None) == (rid in shown)

    database.run(told)


def test_grants_hold_for_a_role_and_a_time(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(repository, (patient("p"), "person", ("frame", "coordinators")))
        who = "Organization/x"
        for role, opened in product(("ke", "", "notifier", "unit-leader"), (None, "service", "ke", "notifier")):
            await grant(repository, "person", to_x("person", "frame", role))
            narrow = opened == "notifier"
            expected = role == (opened or "") if narrow or role else True
            by = Principal(organization=who, role=opened)
            assert bool(await found(repository, by)) == expected, (role, opened)
        await grant(repository, "person", to_x("person", "frame", days=(0, 1)))
        assert await found(repository, X) == {"p"}
        assert await found(repository, X, NOW - timedelta(microseconds=1)) == set()
        assert await found(repository, X, LATER) == set()
        await grant(repository, "person")
        assert await found(repository, X) == set()
        sights = await repository.sights(["person", "other"], access_of(X, NOW))
        assert sights == dict.fromkeys(("person", "other"), Sight(organization=who))

    database.run(told)


def test_person_sees_all_that_is_theirs_and_nothing_else(database: Database) -> None:
    async def told(repository: Repository) -> None:
        self, other = Principal(person="Patient/p"), Principal(person="Patient/nobody")
        await put(repository, (patient("p"), "one", (HIDDEN,)), (patient("same"), "one", ()), (patient("q"), "two", ()))
        assert await found(repository, self) == {"p", "same"}
        assert await found(repository, other) == set()
        access = access_of(self, NOW)
        sights = await repository.sights(["one", "two"], access)
        assert [sights[person].everything for person in ("one", "two")] == [True, False]
        relative = Principal(person="RelatedPerson/r")
        assert await found(repository, relative) == set()
        await grant(repository, "one", Grant("one", "RelatedPerson/r", "", "~representative", 0, micros(LATER)))
        assert await found(repository, relative) == {"same"}

    database.run(told)


def test_emergency_opens_one_person(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(repository, (patient("p"), "one", ()), (patient("q"), "two", ()))
        for by in (X, Principal(person="Patient/q")):
            access = in_emergency(by, "one", NOW)
            assert await repository.read("Patient", "p", access) is not None
            assert (await repository.sights(["one"], access))["one"].everything
        assert await repository.read("Patient", "q", in_emergency(X, "one", NOW)) is None
        assert not (await repository.sights(["two"], in_emergency(X, "one", NOW)))["two"].everything

    database.run(told)


def test_developer_sees_everything(database: Database) -> None:
    async def told(repository: Repository) -> None:
        assert access_of(DEVELOPER, NOW) is in_emergency(DEVELOPER, "one", NOW) is EVERYTHING
        assert await repository.sights(["one"], EVERYTHING) == {"one": WHOLE}

    database.run(told)


def test_what_is_about_nobody_shows_unless_it_is_closed(database: Database) -> None:
    async def told(repository: Repository) -> None:
        rows = (("open", ()), ("closed", ("closed",)), ("theirs", ("closed", "@Organization/x")))
        await put(repository, *[(resource("Organization", rid), None, labels) for rid, labels in rows])
        assert await found(repository, X, rtype="Organization") == {"open", "theirs"}

    database.run(told)


def test_version_shows_when_what_has_become_of_it_does(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await grant(repository, "one", to_x("one", "school"))
        for labels in (("school",), ("trust",), ("school",)):
            await put(repository, (patient("p"), "one", labels))
        access: Access = access_of(X, NOW)
        assert await versions(repository, access) == [3, 1]
        assert await repository.vread("Patient", "p", 2, access) is None
        await put(repository, (patient("p"), "one", ("-ke",)))
        assert await versions(repository, access) == []
        assert await repository.vread("Patient", "p", 1, access) is None

    database.run(told)


async def versions(repository: Repository, access: Access) -> list[int]:
    page = await repository.history(HistoryQuery("Patient", "p"), access)
    assert page.total == len(page.versions)
    return [row.version for row in page.versions]


def test_part_that_is_hidden_neither_matches_nor_sorts(database: Database) -> None:
    """SR-28: index rows carry the labels of the forms that have them."""

    def told_of(*families: str) -> Resource:
        return patient("p", name=[{"family": family} for family in families])

    async def told(repository: Repository) -> None:
        whole = told_of("Ramme", "Skole", "Skjult")
        shown = (
            (frozenset({"frame"}), told_of("Ramme")),
            (frozenset({"school"}), told_of("Ramme", "Skole")),
            (frozenset({"~representative"}), whole),
        )
        await put(repository, (whole, "one", ("%", "frame", "-ke")), shown=shown)
        await put(repository, (patient("q", name=[{"family": "Sist"}]), "one", ("frame",)))
        for opened, names in (("frame", "Ramme"), ("school", "Ramme Skole"), ("~representative", "Ramme Skole Skjult")):
            await grant(repository, "one", to_x("one", opened), to_x("one", "frame"))
            access = access_of(X, NOW)
            for family in ("Ramme", "Skole", "Skjult"):
                page = await repository.search(query("Patient", ("family", family), ("_total", "accurate")), access)
                assert (page.total == 1) == (family in names.split()), (opened, family)
            words = await repository.search(query("Patient", ("_content", "skjult")), access)
            assert len(words.matches) == 0, opened
        await grant(repository, "one", to_x("one", "~ke"))
        page = await repository.search(query("Patient", ("family", "Ramme")), access_of(X, NOW))
        assert page.matches == ()
        await grant(repository, "one", to_x("one", "*"))
        words = await repository.search(query("Patient", ("_content", "skjult")), access_of(X, NOW))
        assert [row.rid for row in words.matches] == ["p"]

    database.run(told)


def test_part_that_is_hidden_from_representatives_carries_the_mark(database: Database) -> None:
    async def told(repository: Repository) -> None:
        whole, part = (patient("p", name=[{"family": f} for f in names]) for names in (("A", "B"), ("A",)))
        await put(repository, (whole, "one", ("%", "frame")), shown=((frozenset({"frame", "~representative"}), part),))
        await grant(repository, "one", to_x("one", "~representative"))
        for family, expected in (("A", 1), ("B", 0)):
            page = await repository.search(query("Patient", ("family", family)), access_of(X, NOW))
            assert len(page.matches) == expected

    database.run(told)


def test_sights_within_a_unit_of_work_are_those_that_were_committed(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def work(tx: Reads) -> tuple[set[str], Changes]:
            sights = await tx.sights(["one"], access_of(X, NOW))
            return set(sights["one"].labels), NOTHING

        longer = Grant("one", "Organization/x", "", "school", micros(NOW), micros(LATER) + DAY)
        await grant(repository, "one", to_x("one", "school", days=(0, 1)), longer, to_x("one", "*"))
        assert await repository.run(work) == {"school", "*"}
        assert labels_in(column(["b", "a"])) == {"a", "b"}

    database.run(told)
