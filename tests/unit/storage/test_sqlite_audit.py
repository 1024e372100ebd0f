"""The audit log on SQLite finds rows by person although it writes what finds them for many at once (SR-33, SR-34)."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_service.storage.audit import Kept, Span
from fhir_service.storage.audit_statements import rows
from fhir_service.storage.port import Unavailable
from fhir_service.storage.sqlite_audit import BEHIND, SqliteAudit

EVER = 1 << 62


def event(*persons: str) -> Kept:
    return Kept(200, 1, 1, "read", "Patient", "x", "", "", "", "", "", "", "", "", persons)


def opened(path: Path) -> SqliteAudit:
    return SqliteAudit(path, lambda: datetime.now(UTC))


async def of(audit: SqliteAudit, person: str) -> int:
    return len(await audit.ask(lambda: rows(Span(0, EVER, 10_000, persons=(person,)))))


def written(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM audit_person").fetchone()[0])


async def keep(audit: SqliteAudit, *events: Kept) -> None:
    for one in events:
        await audit.keep(one)


def test_row_is_found_by_each_person_at_once(tmp_path: Path) -> None:
    async def told() -> None:
        audit = opened(tmp_path / "a.db")
        await keep(audit, event("p", "q"), event("q"), event())
        assert written(tmp_path / "a.db") == 0
        assert [await of(audit, person) for person in "pqr"] == [1, 2, 0]
        await keep(audit, event("p"))
        assert await of(audit, "p") == 2
        await keep(audit, event("r"))
        await audit.close()

    asyncio.run(told())
    assert written(tmp_path / "a.db") == 5


@pytest.mark.parametrize("between", [0, BEHIND - 2])
def test_row_is_found_after_the_process_died(tmp_path: Path, between: int) -> None:
    """Twice, without an end."""

    async def told() -> None:
        first = opened(tmp_path / "a.db")
        await keep(first, event("p"), *[event()] * between)
        second = opened(tmp_path / "a.db")
        await keep(second, event("p"), *[event()] * between)
        third = opened(tmp_path / "a.db")
        assert await of(third, "p") == 2
        for one in (first, second, third):
            await one.close()

    asyncio.run(told())


@pytest.mark.parametrize("others", [(), ("q",)])
def test_no_more_is_left_than_the_next_start_looks_at(tmp_path: Path, others: tuple[str, ...]) -> None:
    async def told() -> None:
        audit = opened(tmp_path / "a.db")
        await keep(audit, event("p"))
        while not written(tmp_path / "a.db"):
            await asyncio.gather(*(audit.keep(event(*others)) for _ in range(100)))
        assert audit._behind == []
        assert await of(audit, "p") == 1
        assert len(await audit.ask(lambda: rows(Span(0, EVER, 10_000)))) <= BEHIND + 101
        await audit.close()

    asyncio.run(told())


def test_end_without_a_file_is_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> None:
        audit = opened(tmp_path / "a.db")
        await keep(audit, event("p"))
        monkeypatch.setattr(audit, "_found", lambda: None)
        with pytest.raises(Unavailable):
            await of(audit, "p")
        await audit.close()
        monkeypatch.undo()
        again = opened(tmp_path / "a.db")
        assert await of(again, "p") == 1
        await again.close()

    asyncio.run(told())
