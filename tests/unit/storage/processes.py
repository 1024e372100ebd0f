"""Several processes over one PostgreSQL database: repositories that know nothing of each other."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

from fhir_service.search import extract
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_url import PostgresUrl
from tests.contract.database import BASE_URL, HeldClock

T = TypeVar("T")
Story: TypeAlias = Callable[[PostgresRepository], Awaitable[T]]
EXTRACT = partial(extract, base_url=BASE_URL)


def tell(url: PostgresUrl, *stories: Story[Any], **more: Any) -> list[Any]:
    """Each story to a repository of its own, all at once; what they return."""

    async def told(story: Story[Any]) -> Any:
        options = {"extract": EXTRACT, "clock": HeldClock()} | more
        repository = PostgresRepository(url, **options)
        try:
            return await story(repository)
        finally:
            await repository.close()

    async def all_told() -> list[Any]:
        return list(await asyncio.gather(*map(told, stories)))

    return asyncio.run(all_told())
