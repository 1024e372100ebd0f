"""The audit log on PostgreSQL: tables beside the others, written on a connection that does not wait for the disk."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import insert, select

from fhir_service.storage import audit_statements as sql
from fhir_service.storage.audit import Groups, Kept, Values
from fhir_service.storage.audit_tables import AUDIT, AUDIT_PERSON
from fhir_service.storage.postgres_connection import READS, WRITES
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_unit import undone
from fhir_service.storage.postgres_url import PostgresUrl
from fhir_service.storage.postgres_writing import columns_of, given
from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps

T = TypeVar("T")
_PERSONS = tuple(AUDIT_PERSON.c.keys())
_given = given("rows", columns_of(AUDIT, sql.COLUMNS))
_told = given("told", columns_of(AUDIT_PERSON, _PERSONS))
_about = insert(AUDIT_PERSON).from_select(_PERSONS, select(*_told.c)).cte("about")
_KEEP = prepare(insert(AUDIT).from_select(sql.COLUMNS, select(*_given.c)))
_KEEP_ABOUT = prepare(insert(AUDIT).from_select(sql.COLUMNS, select(*_given.c)).add_cte(_about))


class PostgresAudit:
    """`AuditStore` in the database of the service."""

    def __init__(self, url: PostgresUrl, clock: Callable[[], datetime], *, durable: bool = False) -> None:
        commit = "on" if durable else "off"
        self._writer = Pool(url, {**WRITES, "synchronous_commit": commit}, 2)
        self._readers = Pool(url, {**READS, "statement_timeout": "10000"}, 2)
        self._groups = Groups(self._write, clock)

    async def keep(self, kept: Kept) -> None:
        await self._groups.keep(kept)

    async def ask(self, asked: Callable[[], Steps[T]]) -> T:
        async with self._readers.session() as session:
            return await session.driven(asked())

    async def note(self, noted: Callable[[], Steps[T]]) -> T:
        async with self._writer.session() as session:
            try:
                await session.script("BEGIN")
                value = await session.driven(noted())
                await session.script("COMMIT")
                return value
            finally:
                await undone(session)

    async def _write(self, rows: Values, persons: Values) -> None:
        values = {f"rows_{name}": column for name, column in zip(sql.COLUMNS, zip(*rows, strict=True), strict=True)}
        if persons:
            values |= {
                f"told_{name}": column for name, column in zip(_PERSONS, zip(*persons, strict=True), strict=True)
            }
        async with self._writer.session() as session:
            await session.rows(_KEEP_ABOUT if persons else _KEEP, values)

    async def close(self) -> None:
        await self._groups.finish()
        for pool in (self._writer, self._readers):
            await pool.close()
