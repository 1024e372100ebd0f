"""From `Changes` to the statements that write them on PostgreSQL: as a rule one (`postgres_writing`)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Table

from fhir_service.resources import resource_type
from fhir_service.storage import statements as sql
from fhir_service.storage.indexing import Extract, found_by, index_rows, tables_of
from fhir_service.storage.lengths import key
from fhir_service.storage.parts import labelled
from fhir_service.storage.port import Changes, StorageError, Write
from fhir_service.storage.postgres_writing import SETTLED, TABLES, Parts, own_columns, statement
from fhir_service.storage.rows import answered_row, grant_rows, outgoing_row, received_row, settled_row, version_row
from fhir_service.storage.steps import Question
from fhir_service.storage.tables import ANSWER, GRANT, IN_FORCE, INBOX, OUTBOX, PERSON_IDENTIFIER, TYPED

Reference: TypeAlias = tuple[str, str]
Row: TypeAlias = Sequence[Any]
_VERSION = ("n", *sql.VERSION)
_RECEIVED = tuple(c.name for c in INBOX.c if c.name != "pk")
_SENT = tuple(c.name for c in OUTBOX.c if c.name != "pk")


Given: TypeAlias = dict[str, tuple[Sequence[str], Sequence[Row]]]
"""By name of what is given to a statement: its columns, and its rows, of which there are some."""
_PLACES = ("n", "place")
"""The number of a write among those of a statement, always in the first column."""


def givens(changes: Changes, relied_on: Iterable[Reference], extract: Extract) -> Iterator[Given]:
    """What is given to each of the statements, to be run in one transaction.

    `relied_on`: what has to be there still, and stay until the end. A resource that is written twice takes a statement
    for each version; all else goes with the last one.
    """
    *before, last = _rounds(changes.writes)
    for writes in before:
        yield _there(_versions(writes, extract))
    relied = sorted(set(relied_on) - {(w.rtype, w.rid) for w in changes.writes})
    given = _versions(last, extract) | _messages(changes)
    given |= {
        "of_in_force": (IN_FORCE.c.keys(), _claims(changes.writes)),
        "of_person_identifier": (PERSON_IDENTIFIER.c.keys(), _names(changes)),
        "regranted": (("person_id",), [(granted.person_id,) for granted in changes.grants]),
        "of_access_grant": (GRANT.c.keys(), [row for granted in changes.grants for row in grant_rows(granted)]),
        "relied": (("rtype", "rid"), relied),
    }
    yield _there(given)


def joined(several: Sequence[Given]) -> Given:
    """What is given to the one statement that writes what each of several would; all of them have the same parts."""
    first = 0
    rows: dict[str, list[Row]] = {name: [] for name in several[0]}
    for given in several:
        for name, (columns, own) in given.items():
            placed = columns[0] in _PLACES
            rows[name] += [(row[0] + first, *row[1:]) for row in own] if placed and first else own
        first += writes_in(given)
    return {name: (columns, rows[name]) for name, (columns, _) in several[0].items()}


def writes_in(given: Given) -> int:
    """How many versions are written."""
    return sum(len(given[name][1]) for name in ("new", "next") if name in given)


def _rounds(writes: Sequence[Write]) -> list[list[Write]]:
    """Writes such that none names a resource twice; at least one."""
    rounds: list[list[Write]] = [[]]
    seen: defaultdict[Reference, int] = defaultdict(int)
    for write in writes:
        number = seen[write.rtype, write.rid]
        seen[write.rtype, write.rid] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(write)
    return rounds


def _versions(writes: Sequence[Write], extract: Extract) -> Given:
    new: list[Row] = []
    following: list[Row] = []
    indexed: defaultdict[str, list[Row]] = defaultdict(list)
    several_labels = any(write.shown for write in writes)
    for n, (write, found) in enumerate(zip(writes, found_by(writes, extract), strict=True)):
        row = version_row(write)
        (new if write.version == 1 else following).append((n, *(row[name] for name in sql.VERSION)))
        if found is None:
            continue
        belongs = (row["updated"], write.person_id, write.tenant_id, write.sector)
        typed, generic = index_rows(write.rtype, n, belongs, found)
        generic = labelled(write, generic, extract)
        if typed:
            generic.append((TYPED[write.rtype].table, [typed]))
        for table, several in generic:
            own = _own(table, labelled=several_labels)
            indexed[table.name] += [(n, *own(one)) for one in several]
    given: Given = {
        f"of_{name}": (("place", *_columns(name, several_labels)), indexed[name]) for name in sorted(indexed)
    }
    return given | {"new": (_VERSION, new), "next": (_VERSION, following)}


def _columns(name: str, labelled: bool) -> Sequence[str]:
    return own_columns(TABLES[name], labelled=labelled)


@cache
def _own(table: Table, *, labelled: bool) -> Callable[[Row], Row]:
    """What a row of an index table has beside what comes from its resource."""
    names = table.c.keys()
    return itemgetter(*[names.index(name) for name in own_columns(table, labelled=labelled)])


def _claims(writes: Iterable[Write]) -> list[Row]:
    """The places in force that the end state holds (decision 35)."""
    claims: list[Row] = []
    for write in {(w.rtype, w.rid): w for w in writes}.values():
        kinds = resource_type(write.rtype).in_force(write.resource) if write.resource is not None else ()
        if kinds and write.person_id is None:
            raise StorageError(f"{write.rtype} claims a place in force without a person")
        claims += [(write.person_id, kind, write.rtype, write.rid) for kind in kinds]
    return claims


def _names(changes: Changes) -> list[Row]:
    """The newest word on whose number it is counts."""
    newest = {(system, key(value)): person for system, value, person in changes.person_identifiers}
    return [(*identifier, person) for identifier, person in newest.items()]


def _messages(changes: Changes) -> Given:
    settled = [settled_row(s) | {"message_id": s.message_id} for s in changes.settled]
    return {
        "of_inbox": (_RECEIVED, _ordered(_RECEIVED, map(received_row, changes.received))),
        "settled": (("message_id", *SETTLED), _ordered(("message_id", *SETTLED), settled)),
        "of_outbox": (_SENT, _ordered(_SENT, map(outgoing_row, changes.outgoing))),
        "of_answer": (ANSWER.c.keys(), _ordered(ANSWER.c.keys(), map(answered_row, changes.answered))),
    }


def _ordered(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [[row[name] for name in names] for row in rows]


def _there(given: Given) -> Given:
    return {name: (columns, rows) for name, (columns, rows) in given.items() if rows}


def question(given: Given) -> Question:
    """The statement of what is given, and its arrays."""
    bound: dict[str, Any] = {}
    for name, (columns, rows) in given.items():
        bound |= {f"{name}_{c}": list(values) for c, values in zip(columns, zip(*rows, strict=True), strict=True)}
        bound[f"{name}_count"] = len(rows)
    return statement(parts_of(given)), bound


def parts_of(given: Given) -> Parts:
    """The parts of the statement of what is given."""
    rtype = _VERSION.index("rtype")
    replaced = {row[rtype] for row in given["next"][1]} if "next" in given else set()
    return Parts(
        made="new" in given,
        replaced="next" in given,
        indexed=tuple(name for name in TABLES if f"of_{name}" in given),
        cleared=_cleared(frozenset(replaced)),
        claimed="of_in_force" in given,
        named="of_person_identifier" in given,
        received="of_inbox" in given,
        settled="settled" in given,
        sent="of_outbox" in given,
        answered="of_answer" in given,
        relied_on="relied" in given,
        regranted="regranted" in given,
        granted="of_access_grant" in given,
        labelled=any("sector" in columns for name, (columns, _) in given.items() if name.startswith("of_")),
    )


@cache
def _cleared(rtypes: frozenset[str]) -> tuple[str, ...]:
    """The tables in which versions of these types may have rows."""
    names = {table.name for rtype in rtypes for table in tables_of(rtype)}
    return tuple(sorted(names | {TYPED[rtype].table.name for rtype in rtypes if rtype in TYPED}))
