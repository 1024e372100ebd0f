"""A database of a test: opened, and opened again, with a clock that the test holds."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage import open_repository
from fhir_service.storage.port import Changes, Page, Reads, Repository, Write
from profiles.resource import Resource

T = TypeVar("T")
BASE_URL = "http://127.0.0.1:8000/fhir"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class HeldClock:
    """Stands still unless the test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Database:
    """One database of one back-end."""

    url: str
    clock: HeldClock = field(default_factory=HeldClock)

    def run(self, story: Callable[[Repository], Awaitable[T]]) -> T:
        """Open, tell the story, close."""

        async def told() -> T:
            repository = open_repository(self.url, base_url=BASE_URL, clock=self.clock)
            try:
                return await story(repository)
            finally:
                await repository.close()

        return asyncio.run(told())


async def put(repository: Repository, *resources: Resource, person: str | None = None) -> None:
    """Write each as its next version, all in one transaction."""

    async def work(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=tuple([await next_write(tx, r, person) for r in resources]))

    await repository.run(work)


async def next_write(tx: Reads, resource: Resource, person: str | None = None) -> Write:
    rtype, rid = resource["resourceType"], resource["id"]
    before = await tx.get(rtype, rid)
    version = before.version + 1 if before else 1
    body = f"{rtype}/{rid} {version}".encode()
    return Write(rtype, rid, version, tx.now, resource, body, person_id=person)


async def delete(repository: Repository, rtype: str, rid: str) -> None:
    async def work(tx: Reads) -> tuple[None, Changes]:
        before = await tx.get(rtype, rid)
        assert before
        write = Write(rtype, rid, before.version + 1, tx.now, None, b"", person_id=before.person_id)
        return None, Changes(writes=(write,))

    await repository.run(work)


def query(rtype: str, *params: tuple[str, str], after: Cursor | None = None) -> SearchQuery:
    parsed = parse(rtype, params, base_url=BASE_URL, after=after)
    assert parsed.query, parsed.issues
    return parsed.query


async def search(repository: Repository, rtype: str, *params: tuple[str, str]) -> list[str]:
    """The ids that a search finds, in order."""
    return ids(await repository.search(query(rtype, *params)))


def ids(page: Page) -> list[str]:
    return [match.rid for match in page.matches]


async def pages(repository: Repository, rtype: str, *params: tuple[str, str]) -> list[list[str]]:
    """The ids of all pages."""
    found: list[list[str]] = []
    after: Cursor | None = None
    while True:
        page = await repository.search(query(rtype, *params, after=after))
        found.append(ids(page))
        if page.following is None:
            return found
        after = Cursor(*page.following)


def flat(listed: Iterable[list[str]]) -> list[str]:
    return [one for several in listed for one in several]
