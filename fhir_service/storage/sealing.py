"""The chain of hashes over the audit log (decision 25, SR-33): what was kept is found to be changed when it is.

A seal stands for the rows of some time: a digest of each row, and the hash of these with the seal before. The rows of
the log are one chain, the versions of resources with what they carry another, whoever made them. Persons may turn out
to be others, so whose a version is, is no part of it.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import bindparam, func, insert, literal, select, union_all

from fhir_service.storage import installation
from fhir_service.storage.audit_statements import COLUMNS
from fhir_service.storage.audit_tables import AUDIT, AUDIT_SEAL
from fhir_service.storage.constructs import json_row, listed
from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Rows, Steps
from fhir_service.storage.tables import HISTORY, RESOURCE

READS, VERSIONS = "reads", "versions"
CHAINS = (READS, VERSIONS)
MOST = 5_000
"""Rows of one seal, and those of the same instant as the last of them."""
DIGEST = 16
_VERSION = ("updated", "rtype", "rid", "version", "deleted", "trace", "body")
_ROW = struct.Struct(f">q{DIGEST}s")
Sealed: TypeAlias = list[tuple[int, bytes]]
"""(time, digest) of each row."""


class Seal(msgspec.Struct, frozen=True):
    """`number` counts from 1; `upto`: of which time (excluded) it is the end; `digests`: as `packed` makes them."""

    number: int
    upto: int
    digests: bytes
    seal: str


NONE = Seal(0, 0, b"", "")


def digest(row: Sequence[Any]) -> tuple[int, bytes]:
    """(time, digest) of a row of either chain; the time comes first."""
    plain = [hashlib.sha256(cell).hexdigest() if isinstance(cell, bytes) else cell for cell in row]
    return int(row[0]), hashlib.sha256(msgspec.json.encode(plain)).digest()[:DIGEST]


def packed(sealed: Iterable[tuple[int, bytes]]) -> bytes:
    """Digests as a seal keeps them, in an order of their own."""
    return b"".join(_ROW.pack(*one) for one in sorted(sealed))


def unpacked(digests: bytes) -> Sealed:
    """What `packed` made; bytes that nobody packed are none."""
    return list(_ROW.iter_unpack(digests)) if len(digests) % _ROW.size == 0 else []


def hashed(before: str, number: int, upto: int, digests: bytes) -> str:
    """The seal over digests and the seal before."""
    return hashlib.sha256(f"{before} {number} {upto} ".encode() + digests).hexdigest()


def following(before: Seal, upto: int, rows: Iterable[Sequence[Any]]) -> Seal:
    """The next seal."""
    digests = packed(digest(row) for row in rows)
    number = before.number + 1
    return Seal(number, upto, digests, hashed(before.seal, number, upto, digests))


def _versions(limited: bool) -> Any:
    parts = []
    for table in (RESOURCE, HISTORY):
        within = (table.c.updated >= bindparam("lo"), table.c.updated < bindparam("hi"))
        parts.append(select(*[table.c[name] for name in _VERSION]).where(*within))
    both = union_all(*parts).subquery("versions")
    asked = select(*both.c).order_by(both.c.updated)
    return asked.limit(literal(MOST)) if limited else asked


def _kept(limited: bool) -> Any:
    """All rows in one text: between two rows of an answer SQLite lets go of the interpreter, and whoever serves on the
    other thread at that time is held up each time (a quarter of the rate of reads)."""
    asked = select(*[AUDIT.c[name] for name in COLUMNS]).where(
        AUDIT.c.at >= bindparam("lo"), AUDIT.c.at < bindparam("hi")
    )
    asked = asked.order_by(AUDIT.c.at, AUDIT.c.writer)
    rows_ = (asked.limit(literal(MOST)) if limited else asked).subquery("kept")
    return select(listed(json_row(*rows_.c))).select_from(rows_)


def _told(chain: str, found: Rows) -> Rows:
    """The rows that a statement found."""
    if chain == VERSIONS:
        return found
    told: Rows = msgspec.json.decode(f"[{found[0][0] or ''}]")
    return told


_ROWS = {READS: prepare(_kept(limited=False)), VERSIONS: prepare(_versions(limited=False))}
_FIRST = {READS: prepare(_kept(limited=True)), VERSIONS: prepare(_versions(limited=True))}
_NEWEST = {
    READS: prepare(select(func.max(AUDIT.c.at))),
    VERSIONS: prepare(
        select(
            func.max(
                union_all(
                    select(func.max(RESOURCE.c.updated).label("at")), select(func.max(HISTORY.c.updated).label("at"))
                )
                .subquery("newest")
                .c.at
            )
        )
    ),
}
_SEAL = [AUDIT_SEAL.c[name] for name in ("number", "upto", "digests", "seal")]
_OF_CHAIN = select(*_SEAL).where(AUDIT_SEAL.c.chain == bindparam("chain"))
_LAST = prepare(_OF_CHAIN.order_by(AUDIT_SEAL.c.number.desc()).limit(literal(1)))
_NEXT = prepare(
    _OF_CHAIN.where(AUDIT_SEAL.c.number > bindparam("after")).order_by(AUDIT_SEAL.c.number).limit(literal(1))
)
_ADD = prepare(insert(AUDIT_SEAL).returning(AUDIT_SEAL.c.number), AUDIT_SEAL.c.keys())


def last(chain: str) -> Steps[Seal]:
    """The newest seal of a chain."""
    found = yield _LAST, {"chain": chain}
    return Seal(*found[0]) if found else NONE


def after(chain: str, number: int) -> Steps[Seal | None]:
    """The seal behind a number."""
    found = yield _NEXT, {"chain": chain, "after": number}
    return Seal(*found[0]) if found else None


def add(chain: str, seal: Seal) -> Steps[None]:
    """Keep a seal. The number is taken once: a second writer is refused."""
    yield _ADD, {"chain": chain, **msgspec.structs.asdict(seal)}


def noted(chain: str, seal: Seal) -> Steps[None]:
    """Note in the database which seal is the newest: on SQLite that is another file than the log is in."""
    return installation.note(f"sealed-{chain}", f"{seal.number} {seal.seal}")


def head(chain: str) -> Steps[tuple[int, str]]:
    """(number, seal) that was noted last; 0 where nothing was."""
    told = yield from installation.noted(f"sealed-{chain}")
    number, _, seal = told.partition(" ")
    return int(number or 0), seal


def rows(chain: str, lo: int, hi: int) -> Steps[Rows]:
    """The rows of a time [lo, hi)."""
    return _told(chain, (yield _ROWS[chain], {"lo": lo, "hi": hi}))


def unsealed(chain: str, lo: int, settled: int | None) -> Steps[tuple[int, Rows]]:
    """Rows that no seal has, oldest first, and the time (excluded) down to which they are all there.

    `settled`: before it nothing more comes; None: nothing comes before the newest row that is there.
    """
    if settled is None:
        newest = yield _NEWEST[chain], {}
        settled = (newest[0][0] or 0) + 1 if newest else 0
    found = _told(chain, (yield _FIRST[chain], {"lo": lo, "hi": settled}))
    if len(found) < MOST:
        return settled, found
    upto = max(int(row[0]) for row in found) + 1
    found = _told(chain, (yield _ROWS[chain], {"lo": lo, "hi": upto}))
    return upto, found
