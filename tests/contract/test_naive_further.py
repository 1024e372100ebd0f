"""As `test_naive`: searches over several types and compartments, and pages while others write."""

import random
from dataclasses import replace

import pytest

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage.port import Repository
from profiles.resource import Resource
from tests.contract.database import BASE_URL, Database, delete, put
from tests.contract.test_naive import SEEDS, SORTS, TYPES, Naive, question, world, write_all


def over_types(pick: random.Random) -> SearchQuery:
    """A search over some types, or over what of them is in a compartment."""
    types = pick.sample(TYPES, pick.choice([1, 2, 3, 4]))
    params = [("_type", ",".join(types))]
    if pick.random() < 0.4:
        params.append(("_id", pick.choice(["1", "2,3", "4,5,6"])))
    if pick.random() < 0.3 and "Patient" not in types:
        params.append(("subject" if "Task" not in types else "patient", "Patient/1,Patient/2,Patient/3"))
    if pick.random() < 0.6:
        params.append(("_sort", ",".join(pick.sample(SORTS, pick.choice([1, 2])))))
    held = ("Patient", str(pick.randrange(7))) if pick.random() < 0.5 else None
    parsed = parse(None, params, base_url=BASE_URL, compartment=held)
    assert parsed.query, (params, parsed.issues)
    return replace(parsed.query, count=pick.choice([1, 3, 50]), total=True)


async def listed(repository: Repository, query: SearchQuery, total: int) -> list[str]:
    """The ids on all pages; each page tells this total."""
    found: list[str] = []
    while True:
        page = await repository.search(query)
        found += [one.rid for one in page.matches]
        assert page.total == total, query.used
        if page.following is None:
            return found
        query = replace(query, after=Cursor(*page.following))


@pytest.mark.parametrize("seed", SEEDS)
def test_search_over_types_finds_what_a_plain_look_finds(database: Database, seed: int) -> None:
    pick = random.Random(2000 + seed)  # noqa: S311 - questions, not secrets

    async def told(repository: Repository) -> None:
        resources = world(seed)
        pick.shuffle(resources)
        naive = Naive(resources, await write_all(repository, resources))
        met = 0
        for _ in range(60):
            query = over_types(pick)
            among = {one.rtype: one.criteria for one in query.among}
            keys = [k for k in naive.all if k[0] in among and all(naive.holds(k, c) for c in among[k[0]])]
            expected = naive.order(keys, query.sort)
            met += bool(expected)
            assert await listed(repository, query, len(expected)) == expected, query.used
        assert met > 20

    database.run(told)


class Others:
    """Those who write while somebody turns pages."""

    def __init__(self, repository: Repository, pick: random.Random, resources: list[Resource]) -> None:
        self._repository = repository
        self._pick = pick
        self._resources = resources

    async def write(self, rtype: str, rid: str) -> None:
        """Create, change or delete one of the type; what is changed keeps its content."""
        done = self._pick.choice(["create", "update", "delete", "nothing"])
        one = self._pick.choice([r for r in self._resources if r["resourceType"] == rtype])
        if done == "create":
            await put(self._repository, {**one, "id": rid})
        elif done == "update":
            await put(self._repository, one)
        elif done == "delete":
            stored = await self._repository.read(rtype, one["id"])
            if stored and not stored.deleted:
                await delete(self._repository, rtype, one["id"])


async def everything(repository: Repository, query: SearchQuery) -> dict[str, int]:
    """All that is found, in order: its version by id."""
    page = await repository.search(replace(query, count=500))
    return {one.rid: one.version for one in page.matches}


@pytest.mark.parametrize("seed", SEEDS)
def test_pages_miss_and_repeat_nothing_while_others_write(database: Database, seed: int) -> None:
    """What is not touched between the first page and the last is on one page, once, whatever else is written."""
    pick = random.Random(3000 + seed)  # noqa: S311 - questions, not secrets

    async def told(repository: Repository) -> None:
        resources = world(seed)
        pick.shuffle(resources)
        await write_all(repository, resources)
        others = Others(repository, pick, resources)
        for number in range(25):
            rtype, params = question(pick)
            query = parse(rtype, params, base_url=BASE_URL).query
            assert query
            before = await everything(repository, query)
            found: list[tuple[str, int]] = []
            after: Cursor | None = None
            while after or not found:
                page = await repository.search(replace(query, count=pick.choice([1, 2, 3]), after=after))
                found += [(one.rid, one.version) for one in page.matches]
                if page.following is None:
                    break
                after = Cursor(*page.following)
                await others.write(rtype, f"new-{number}-{len(found)}")
            now = await everything(repository, query)
            untouched = [rid for rid, version in before.items() if now.get(rid) == version]
            assert len(found) == len(set(found)), (rtype, params)
            assert [rid for rid, _ in found if rid in untouched] == untouched, (rtype, params)

    database.run(told)
