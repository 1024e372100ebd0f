"""Many works, few commits; works one after the other: decision 31."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import NoneType

import pytest
from msgspec import structs

from fhir_service.storage.port import NOTHING, Changes, Reads, StorageError
from fhir_service.storage.sqlite import SqliteRepository
from tests.contract.database import next_write, put
from tests.contract.resources import patient
from tests.unit.storage.conftest import Tell
from tests.waiting import until


def counted(repository: SqliteRepository) -> Counter[str]:
    """How often each command runs on the connection that writes."""
    commands: Counter[str] = Counter()
    connection = repository._writer.connection
    assert connection
    connection.raw.set_trace_callback(lambda sql: commands.update([sql.split()[0]]))
    return commands


def test_concurrent_works_share_a_commit(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        commands = counted(repository)
        await asyncio.gather(*[put(repository, patient(f"p{i}")) for i in range(100)])
        assert commands["BEGIN"] == commands["COMMIT"] == 1
        assert commands["SAVEPOINT"] == 0

    told(story)


@pytest.mark.parametrize("large", [True, False])
def test_long_work_is_done_in_a_thread_and_keeps_no_reader_waiting(
    told: Tell[None], monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:  # SR-8
    if large:
        monkeypatch.setattr("fhir_service.storage.sqlite_apply.LARGE", 1)
    else:
        monkeypatch.setattr("fhir_service.storage.group_commit.AT_ONCE", 0.02)
    seen: list[bool] = []
    meanwhile: list[None] = []

    async def long(tx: Reads) -> tuple[int, Changes]:
        seen.append(threading.current_thread() is threading.main_thread())
        if not (seen[-1] or large):
            until(lambda: len(meanwhile) > 10)  # reads that are answered during the second try
        writes = [await next_write(tx, patient(f"p{i}")) for i in range(1 if large else 3000)]
        return len(seen), Changes(writes=tuple(writes))

    async def story(repository: SqliteRepository) -> None:
        ended = asyncio.Event()

        async def reading() -> None:
            while not ended.is_set():
                await repository.read("Patient", "other")
                if len(seen) == 2:
                    meanwhile.append(None)
                await asyncio.sleep(0)

        reader = asyncio.create_task(reading())
        _, tries = await asyncio.gather(put(repository, patient("before")), repository.run(long))
        ended.set()
        await reader
        assert tries == 2
        assert seen == [True, False]
        assert await repository.read("Patient", "before")
        assert await repository.read("Patient", "p0")

    told(story)


def test_long_work_that_has_written_is_done_again_with_its_group(
    told: Tell[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had written is undone with what others had, and each is there once in the end."""
    monkeypatch.setattr("fhir_service.storage.group_commit.AT_ONCE", 0.5)
    tries: list[int] = []

    async def long(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=(await next_write(tx, patient("long")),))

    async def afterwards(tx: Reads, _: None) -> None:
        tries.append(1)
        while threading.current_thread() is threading.main_thread():  # until it is broken off
            time.sleep(0.02)
            await tx.get("Patient", "long")

    async def story(repository: SqliteRepository) -> None:
        works = (put(repository, patient("a")), repository.run(long, afterwards), put(repository, patient("b")))
        await asyncio.gather(*works)
        assert len(tries) == 2
        found = [await repository.read("Patient", rid) for rid in ("a", "long", "b")]
        assert [one and one.version for one in found] == [1, 1, 1]

    told(story)


def test_work_that_fails_halfway_is_undone_alone(told: Tell[None]) -> None:
    """Nobody pays for savepoints until somebody needs one; then all of the group are done again."""

    async def halfway(tx: Reads) -> tuple[None, Changes]:
        good, gap = await next_write(tx, patient("half")), await next_write(tx, patient("gap"))
        return None, Changes(writes=(good, structs.replace(gap, version=7)))

    async def story(repository: SqliteRepository) -> None:
        commands = counted(repository)
        works = [put(repository, patient("p")), repository.run(halfway), repository.run(halfway)]
        works += [put(repository, patient("p")), put(repository, patient("half"))]
        results = await asyncio.gather(*works, return_exceptions=True)
        assert [type(r) for r in results] == [NoneType, StorageError, StorageError, NoneType, NoneType]
        found = [await repository.read("Patient", rid) for rid in ("p", "half", "gap")]
        assert [f and f.version for f in found] == [2, 1, None]
        assert commands["SAVEPOINT"] == 5
        assert commands["COMMIT"] == 1

    told(story)


def test_work_that_is_refused_before_it_writes_costs_the_others_nothing(told: Tell[None]) -> None:
    async def refused(tx: Reads) -> tuple[None, Changes]:
        await tx.get("Patient", "p")
        raise LookupError

    async def story(repository: SqliteRepository) -> None:
        commands = counted(repository)
        works = [put(repository, patient("p")), repository.run(refused), put(repository, patient("q"))]
        results = await asyncio.gather(*works, return_exceptions=True)
        assert [type(r) for r in results] == [NoneType, LookupError, NoneType]
        assert commands["SAVEPOINT"] == commands["ROLLBACK"] == 0

    told(story)


def test_works_that_come_during_a_commit_are_the_next_group(told: Tell[None]) -> None:
    async def client(repository: SqliteRepository, name: str) -> None:
        for i in range(10):
            await put(repository, patient(f"{name}-{i}"))

    async def story(repository: SqliteRepository) -> None:
        commands = counted(repository)
        await asyncio.gather(*[client(repository, f"c{i}") for i in range(20)])
        assert 10 <= commands["COMMIT"] <= 30

    told(story)


def test_group_is_bounded(told: Tell[None]) -> None:  # SR-8
    async def nothing(_: Reads) -> tuple[None, Changes]:
        return None, NOTHING

    async def story(repository: SqliteRepository) -> None:
        commands = counted(repository)
        await asyncio.gather(*[repository.run(nothing) for _ in range(600)])
        assert commands["COMMIT"] == 3

    told(story)


def test_work_that_is_given_up_before_its_turn_is_not_done(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        early = asyncio.ensure_future(put(repository, patient("early")))
        given_up = asyncio.ensure_future(put(repository, patient("given-up")))
        await asyncio.sleep(0)
        given_up.cancel()
        await early
        assert await repository.read("Patient", "given-up") is None

    told(story)


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from fhir_service.storage import open_repository
from tests.contract.database import put
from tests.contract.resources import patient

async def client(repository, name):
    for i in range(100_000):
        await put(repository, patient(f"{name}-{i}a"), patient(f"{name}-{i}b"))
        print(f"{name}-{i}", flush=True)

async def main():
    repository = open_repository(sys.argv[1], base_url="http://x/fhir", clock=lambda: datetime.now(UTC))
    await asyncio.gather(*[client(repository, f"c{i}") for i in range(8)])

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 40, 150])
def test_killed_writer_loses_nothing_that_it_acknowledged(  # SR-1
    told: Tell[None], path: Path, acknowledged: int
) -> None:
    command = [sys.executable, "-c", WRITER, f"sqlite:///{path}"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ}) as process:
        assert process.stdout
        told_of = [process.stdout.readline().strip() for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        told_of += [line.strip() for line in process.stdout.read().splitlines()[:-1]]

    async def story(repository: SqliteRepository) -> None:
        assert len(told_of) >= acknowledged
        for name in told_of:
            for half in "ab":
                assert await repository.read("Patient", name + half), name
        await put(repository, patient("after"))

    told(story)
