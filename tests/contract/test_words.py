"""`_text` and `_content`: whatever was written is found at once (ADR 0017).  https://hl7.org/fhir/R4/search.html#content"""

import asyncio
import json
from typing import Any

import pytest

from fhir_service.storage import fulltext
from fhir_service.storage.port import Changes, Reads, Repository, TooSlow, Write
from fhir_service.storage.words import texts_of
from profiles.resource import Resource
from tests.contract.database import Database, delete, query, search
from tests.contract.resources import condition, patient, task


def told_of(words: str) -> Resource:
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p class="hidden">{words}</p></div>',
    }


async def keep(repository: Repository, *sent: Resource) -> None:
    async def work(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=tuple([await next_version(tx, one) for one in sent]))

    await repository.run(work)


async def next_version(tx: Reads, sent: Resource) -> Write:
    before = await tx.get(sent["resourceType"], sent["id"])
    version = before.version + 1 if before else 1
    return Write(sent["resourceType"], sent["id"], version, tx.now, sent, json.dumps(sent).encode())


async def story(repository: Repository) -> None:
    await keep(
        repository,
        condition("hip", text=told_of("Brudd i <b>venstre</b> hofte &amp; bein"), note=[{"text": "Falt på is"}]),
        condition("knee", text=told_of("Brudd i kne"), onsetAge={"value": 81, "unit": "år"}),
        task("walk", description="Gå-trening etter HOFTEBRUDD, 3.50 km", text=told_of("trening")),
        condition("plain"),
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("_text", "brudd", {"hip", "knee"}),
        ("_text", "BRUDD hofte", {"hip"}),
        ("_text", "brudd and (hofte or kne)", {"hip", "knee"}),
        ("_text", "kne,bein", {"hip", "knee"}),
        ("_text", "falt", set()),
        ("_text", "hidden", set()),
        ("_text", "brud", set()),
        ("_content", "falt is", {"hip"}),
        ("_content", "på", {"hip"}),
        ("_content", "ar 81", {"knee"}),
        ("_content", "arne", {"hip", "knee", "plain"}),
        ("_content", "brudd falt,kne", {"hip", "knee"}),
    ],
)
def test_words_are_found(database: Database, name: str, value: str, expected: set[str]) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        assert set(await search(repository, "Condition", (name, value))) == expected
        assert set(await search(repository, "Condition", (name, value), ("patient", "arne"))) == expected
        assert set(await search(repository, "Condition", (name, value), ("_sort", "_id"))) == expected

    database.run(told)


def test_what_was_just_written_changed_or_deleted_is_found_so(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        assert await search(repository, "Task", ("_content", "hoftebrudd")) == ["walk"]
        await keep(repository, task("walk", description="Svømming"))
        assert await search(repository, "Task", ("_content", "hoftebrudd")) == []
        assert await search(repository, "Task", ("_content", "svomming")) == []
        assert await search(repository, "Task", ("_content", "SVØMMING")) == ["walk"]
        await delete(repository, "Task", "walk")
        assert await search(repository, "Task", ("_content", "svømming")) == []
        await keep(repository, task("walk", description="Svømming"))
        assert await search(repository, "Task", ("_content", "svømming")) == ["walk"]

    database.run(told)


def test_words_are_found_at_the_end_of_a_chain(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        await keep(repository, patient("arne", text=told_of("bor på Voss")))
        assert await search(repository, "Task", ("patient._content", "voss")) == ["walk"]
        assert await search(repository, "Patient", ("_has:Condition:patient:_text", "hofte")) == ["arne"]

    database.run(told)


def test_many_search_and_write_at_once(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def one(n: int) -> None:
            await keep(repository, task(f"t{n}", description=f"ord{n} felles"))
            assert await search(repository, "Task", ("_content", f"ord{n}")) == [f"t{n}"]

        await asyncio.gather(*(one(n) for n in range(12)))
        assert len(await search(repository, "Task", ("_content", "felles"))) == 12

    database.run(told)


def test_work_sees_the_words_that_others_of_its_group_wrote(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def work(tx: Reads) -> tuple[list[str], Changes]:
            found = await tx.matches(query("Condition", ("_content", "falt")))
            return [one.rid for one in found], Changes()

        await story(repository)
        assert await repository.run(work) == ["hip"]

    database.run(told)


def test_index_is_built_in_steps_and_the_next_search_goes_on(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr("fhir_service.storage.sqlite.SEARCH_DEADLINE", 0)
    monkeypatch.setattr("fhir_service.storage.postgres.SEARCH_DEADLINE", 0)
    count = 2 * fulltext.CHUNK + 1

    async def told(repository: Repository) -> None:
        await keep(repository, *[task(f"t{n}", description="felles") for n in range(count)])
        for _ in range(2):
            with pytest.raises(TooSlow):
                await search(repository, "Task", ("_content", "felles"))
        page = await repository.search(query("Task", ("_content", "felles"), ("_total", "accurate"), ("_count", "1")))
        assert page.total == count

    database.run(told)


@pytest.mark.parametrize("size", [1, 10_000])
def test_work_that_finds_much_unread_is_done_again_when_it_is_read(database: Database, size: int) -> None:
    count = 2 * fulltext.CHUNK + 1 if size == 1 else 70
    tries: list[None] = []

    async def work(tx: Reads) -> tuple[int, Changes]:
        tries.append(None)
        page = await tx.search(query("Task", ("_content", "felles"), ("_total", "accurate"), ("_count", "1")))
        return page.total or 0, Changes()

    async def told(repository: Repository) -> None:
        tasks = [task(f"t{n}", description="felles" + " x" * size) for n in range(count)]
        await keep(repository, *tasks)
        assert await repository.run(work) == count

    database.run(told)
    assert len(tries) > 1


def test_reading_much_keeps_nobody_waiting(database: Database) -> None:
    """SR-8: others are answered while the words of large resources are taken apart and written."""

    async def told(repository: Repository) -> None:
        words = " ".join(f"ord{n}" for n in range(20_000))
        await keep(repository, *[task(f"t{n}", description=words) for n in range(15)])
        turns = 0
        searching = asyncio.create_task(search(repository, "Task", ("_content", "ord7")))
        while not searching.done():
            await asyncio.sleep(0)
            turns += 1
        assert len(await searching) == 15
        assert turns > 15  # more than one for each

    database.run(told)


def test_what_changes_while_it_is_read_is_read_again(database: Database, monkeypatch: Any) -> None:
    reading = texts_of
    meanwhile: list[str] = ["walk"]

    async def told(repository: Repository) -> None:
        loop = asyncio.get_running_loop()

        def read(body: bytes) -> tuple[str, str]:
            if meanwhile:
                meanwhile.clear()
                asyncio.run_coroutine_threadsafe(keep(repository, task("walk", description="Svømming")), loop).result()
            return reading(body)

        await keep(repository, task("walk", description="Hoftebrudd"), task("run", description="Svømming"))
        monkeypatch.setattr(fulltext, "texts_of", read)
        await search(repository, "Task", ("_content", "svømming"))
        assert set(await search(repository, "Task", ("_content", "svømming"))) == {"walk", "run"}
        assert await search(repository, "Task", ("_content", "hoftebrudd")) == []

    database.run(told)
