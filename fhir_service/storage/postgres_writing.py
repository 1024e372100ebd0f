"""One statement that writes a transaction (stack.md 5, write path), put together from the parts that it needs.

Every part is an INSERT, UPDATE or DELETE over arrays (`unnest`), in a WITH of its own. All parts see the database as it
was before the statement, so what has to come first is named by what comes after: a part that puts rows where another
one removes some counts the removed ones. The statement divides by zero, and so writes nothing, when a version that it
replaces, a message that it settles or a row that it relies on is not there any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from fhir_service.storage import statements as sql
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.tables import (
    ANSWER,
    FULLTEXT,
    GRANT,
    HISTORY,
    IN_FORCE,
    INBOX,
    OUTBOX,
    PERSON_IDENTIFIER,
    RESOURCE,
    SIDE,
    TYPED,
)

REPLACED = tuple(name for name in sql.VERSION if name not in ("rtype", "rid"))
SETTLED = ("state", "settled_at", "verdict", "code", "answer", "issues", "binary_ref")
OF_RESOURCE = ("updated", "person_id", "tenant_id", "sector")
"""What index rows have from the resource: it is not sent once more with each of them."""
_TAKEN = ("pk", *OF_RESOURCE)
_ARRAYS = {kind: ARRAY(kind()) for kind in (BigInteger, Text, LargeBinary)}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a transaction writes: key of its statement.

    `made`, `replaced`: whether there are first and later versions; `indexed`: tables that get index rows;
    `cleared`: tables that index rows are taken out of; `relied_on`: whether rows have to stay (`Lock.KEEP`);
    `regranted`, `granted`: whether grants are taken back and given; `labelled`: whether rows of generic index tables
    have labels of their own.
    """

    made: bool = False
    replaced: bool = False
    indexed: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    claimed: bool = False
    named: bool = False
    received: bool = False
    settled: bool = False
    sent: bool = False
    answered: bool = False
    relied_on: bool = False
    regranted: bool = False
    granted: bool = False
    labelled: bool = False


_GENERIC = frozenset(table.name for table in SIDE.values())
TABLES: dict[str, Table] = {t.name: t for t in (*SIDE.values(), *(t.table for t in TYPED.values()))}


@lru_cache(maxsize=1024)
def statement(parts: Parts) -> Prepared:
    """The statement of these parts. Bound: `<given>_<column>` for every column of every `given` below, as arrays."""
    return prepare(_Building(parts).built())


def given(name: str, columns: Sequence[tuple[str, Any]]) -> FromClause:
    """Rows that are bound as one array for each column."""
    arrays = [bindparam(f"{name}_{column}", type_=_array(kind)) for column, kind in columns]
    return func.unnest(*arrays).table_valued(*[c for c, _ in columns], name=name).render_derived()


def _array(kind: Any) -> Any:
    return next(array for of, array in _ARRAYS.items() if isinstance(kind, of))


def columns_of(table: Table, names: Iterable[str]) -> list[tuple[str, Any]]:
    """(name, type) of these columns."""
    return [(name, table.c[name].type) for name in names]


@cache
def own_columns(table: Table, *, labelled: bool = False) -> tuple[str, ...]:
    """What a row of an index table has beside what comes from its resource. `labelled`: the labels are its own."""
    own = "sector" if labelled and table.name in _GENERIC else ""
    return tuple(c.name for c in table.c if c.name not in _TAKEN or c.name == own)


@dataclass(slots=True)
class _Building:
    parts: Parts
    ctes: list[CTE] = field(default_factory=list)
    checks: list[ColumnElement[bool]] = field(default_factory=list)
    gone: dict[str, CTE] = field(default_factory=dict)
    """By table: the rows that the statement takes out of it."""
    written: list[Select[Any]] = field(default_factory=list)
    """(n, pk, ...) of what is written; `n`: its place among the writes."""

    def built(self) -> Select[Any]:
        for wanted, part in (
            (self.parts.relied_on, self._rely),
            (self.parts.made, self._make),
            (self.parts.replaced, self._replace),
            (bool(self.parts.indexed), self._index),
            (self.parts.claimed, self._claim),
            (self.parts.named, self._name),
            (self.parts.regranted, self._take_back),
            (self.parts.granted, self._grant),
            (self.parts.received, self._receive),
            (self.parts.settled, self._settle),
            (self.parts.sent, self._send),
            (self.parts.answered, self._keep_answer),
        ):
            if wanted:
                part()
        fine = and_(*self.checks) if self.checks else literal_column("true")
        return select(literal_column("1") / case((fine, literal_column("1")), else_=literal_column("0"))).add_cte(
            *self.ctes
        )

    def _cte(self, statement: Any, name: str) -> CTE:
        made: CTE = statement.cte(name)
        self.ctes.append(made)
        return made

    def _all_of(self, cte: CTE, count: str) -> None:
        """There have to be as many rows as are bound under `count`."""
        self.checks.append(_count(cte) == bindparam(count, type_=BigInteger()))

    def _rely(self) -> None:
        wanted = given("relied", columns_of(RESOURCE, ("rtype", "rid")))
        there = and_(
            RESOURCE.c.rtype == wanted.c.rtype,
            RESOURCE.c.rid == wanted.c.rid,
            RESOURCE.c.deleted == literal_column("0"),
        )
        rows = select(RESOURCE.c.pk).join_from(wanted, RESOURCE, there)
        kept = self._cte(rows.with_for_update(read=True, key_share=True, of=RESOURCE), "relied_on")
        self._all_of(kept, "relied_count")

    def _make(self) -> None:
        new = given("new", [("n", BigInteger()), *columns_of(RESOURCE, sql.VERSION)])
        pk = func.nextval(literal_column("'resource_pk_seq'")).label("pk")
        fresh = self._cte(select(pk, *new.c), "fresh")
        rows = select(fresh.c.pk, *[fresh.c[name] for name in sql.VERSION])
        self._cte(insert(RESOURCE).from_select(["pk", *sql.VERSION], rows), "made")
        self.written.append(select(fresh.c.n, fresh.c.pk, *[fresh.c[name] for name in OF_RESOURCE]))

    def _replace(self) -> None:
        following = given("next", [("n", BigInteger()), *columns_of(RESOURCE, sql.VERSION)])
        same = and_(
            RESOURCE.c.rtype == following.c.rtype,
            RESOURCE.c.rid == following.c.rid,
            RESOURCE.c.version == following.c.version - literal_column("1"),
            RESOURCE.c.updated < following.c.updated,  # as other processes have clocks of their own (SR-10)
        )
        now = [RESOURCE.c[name] for name in sql.VERSION]
        then = [following.c[name].label(f"next_{name}") for name in REPLACED]
        rows = select(following.c.n, RESOURCE.c.pk, *now, *then).join_from(following, RESOURCE, same)
        locked = rows.order_by(RESOURCE.c.rtype, RESOURCE.c.rid).with_for_update(key_share=True, of=RESOURCE)
        old = self._cte(locked, "old")
        self._cte(insert(HISTORY).from_select(sql.VERSION, select(*[old.c[n] for n in sql.VERSION])), "kept")
        values: dict[str, Any] = {name: old.c[f"next_{name}"] for name in REPLACED}
        values["clock"] = func.coalesce(old.c.next_clock, old.c.clock)
        changed = update(RESOURCE).where(RESOURCE.c.pk == old.c.pk).values(values).returning(RESOURCE.c.pk)
        self._all_of(self._cte(changed, "replaced"), "next_count")
        self._clear(old)
        self.written.append(select(old.c.n, old.c.pk, *[old.c[f"next_{name}"].label(name) for name in OF_RESOURCE]))

    def _clear(self, old: CTE) -> None:
        """Take out what the replaced versions were found by, and the places they held."""
        for table in (FULLTEXT, *(TABLES[name] for name in self.parts.cleared)):
            rows = delete(table).where(table.c.pk == old.c.pk).returning(table.c.pk)
            self.gone[table.name] = self._cte(rows, f"gone_{table.name}")
        left = delete(IN_FORCE).where(IN_FORCE.c.rtype == old.c.rtype, IN_FORCE.c.rid == old.c.rid)
        self.gone[IN_FORCE.name] = self._cte(left.returning(IN_FORCE.c.kind), "left_force")

    def _index(self) -> None:
        written = self._cte(union_all(*self.written), "written")
        for table in (TABLES[name] for name in self.parts.indexed):
            own = own_columns(table, labelled=self.parts.labelled)
            rows = given(f"of_{table.name}", [("place", BigInteger()), *columns_of(table, own)])
            values = [rows.c[c.name] if c.name in own else written.c[c.name] for c in table.c]
            joined = select(*values).join_from(rows, written, written.c.n == rows.c.place)
            self._put(table, table.c.keys(), joined)

    def _put(self, table: Table, names: Sequence[str], rows: Select[Any]) -> None:
        """Insert rows, after those that leave the table."""
        if table.name in self.gone:
            rows = rows.where(_count(self.gone[table.name]) >= literal_column("0"))
        self._cte(insert(table).from_select(list(names), rows), f"put_{table.name}")

    def _given(self, table: Table, names: Sequence[str]) -> None:
        rows = given(f"of_{table.name}", columns_of(table, names))
        self._put(table, names, select(*rows.c))

    def _claim(self) -> None:
        self._given(IN_FORCE, IN_FORCE.c.keys())

    def _name(self) -> None:
        rows = given("of_person_identifier", columns_of(PERSON_IDENTIFIER, PERSON_IDENTIFIER.c.keys()))
        new = insert_or(PERSON_IDENTIFIER).from_select(PERSON_IDENTIFIER.c.keys(), select(*rows.c))
        newest = new.on_conflict_do_update(
            index_elements=["value", "system"], set_={"person_id": new.excluded.person_id}
        )
        self._cte(newest, "named")

    def _take_back(self) -> None:
        persons = given("regranted", columns_of(GRANT, ("person_id",)))
        rows = delete(GRANT).where(GRANT.c.person_id == persons.c.person_id).returning(GRANT.c.person_id)
        self.gone[GRANT.name] = self._cte(rows, "taken_back")

    def _grant(self) -> None:
        self._given(GRANT, GRANT.c.keys())

    def _receive(self) -> None:
        self._given(INBOX, [c.name for c in INBOX.c if c.name != "pk"])

    def _settle(self) -> None:
        rows = given("settled", [("message_id", Text()), *columns_of(INBOX, SETTLED)])
        of_message = and_(INBOX.c.message_id == rows.c.message_id, INBOX.c.state == literal(sql.RECEIVED))
        values = {name: rows.c[name] for name in SETTLED}
        done = self._cte(update(INBOX).where(of_message).values(values).returning(INBOX.c.pk), "done")
        self._all_of(done, "settled_count")

    def _send(self) -> None:
        self._given(OUTBOX, [c.name for c in OUTBOX.c if c.name != "pk"])

    def _keep_answer(self) -> None:
        self._given(ANSWER, ANSWER.c.keys())


def _count(cte: CTE) -> Any:
    return select(func.count()).select_from(cte).scalar_subquery()
