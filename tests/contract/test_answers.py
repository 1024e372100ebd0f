"""Answers to requests with an Idempotency-Key, as both databases keep them (workflow.md 7.3)."""

import asyncio

from fhir_service.storage.port import NOTHING, Answered, Changes, Reads, Repository
from tests.contract.database import Database

FIRST = Answered("default|Organization/a||", "k1", "d1", 1_000, "[]")


async def keep(repository: Repository, answered: Answered) -> Answered | None:
    """The answer that is there already; where there is none it is kept."""

    async def work(tx: Reads) -> tuple[Answered | None, Changes]:
        found = await tx.answered(answered.caller, answered.name)
        return found, NOTHING if found else Changes(answered=(answered,))

    return await repository.run(work)


def test_answer_is_found_by_whose_key_it_is(database: Database) -> None:
    async def story(repository: Repository) -> None:
        assert await keep(repository, FIRST) is None
        assert await keep(repository, Answered(FIRST.caller, "k1", "d2", 2_000, "[1]")) == FIRST
        assert await keep(repository, Answered("default|Organization/b||", "k1", "d2", 2_000, "[1]")) is None

    database.run(story)


def test_one_of_many_at_once_keeps_its_answer(database: Database) -> None:  # SR-3
    async def story(repository: Repository) -> None:
        asked = [Answered("c", "k", str(n), n, "[]") for n in range(12)]
        found = await asyncio.gather(*(keep(repository, one) for one in asked))
        assert found.count(None) == 1
        assert len({one for one in found if one}) == 1

    database.run(story)


def test_old_answers_are_forgotten(database: Database) -> None:
    async def story(repository: Repository) -> None:
        later = Answered(FIRST.caller, "k2", "d", 2_000, "[]")
        assert [await keep(repository, one) for one in (FIRST, later)] == [None, None]
        assert await repository.forget_answers(2_000) == 1
        assert [await keep(repository, one) for one in (FIRST, later)] == [None, later]

    database.run(story)
