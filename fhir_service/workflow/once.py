"""A request with an Idempotency-Key is done once: the same one again gets the first answer (workflow.md 7.3).

What is kept is which versions the first one made, in the transaction that made them. They are told once more as they
are in the history, through what the caller sees now. What was refused has done nothing and is judged anew.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

import msgspec

from fhir_service.storage.instants import micros, moment
from fhir_service.storage.port import NOTHING, Answered, Changes, Reads, Stored, Work
from fhir_service.workflow.request import Refused, Written
from fhir_service.workflow.settle import joined
from profiles.issues import Issue, error

T = TypeVar("T")
REUSED = error(
    "idempotency-key-reused", "Idempotency-Key", "This key belongs to another request of yours: take a new one"
)


class Once(msgspec.Struct, frozen=True):
    """A key of a caller, and the digest of what is asked for with it."""

    caller: str
    name: str
    digest: str


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One thing that was answered: what was done with which version; `index`: its place in a Bundle."""

    index: int
    status: int
    rtype: str
    rid: str
    version: int
    at: int
    many: int = 1
    issues: tuple[Issue, ...] = ()


Found: TypeAlias = Sequence[tuple[Told, Stored | None]]
"""What was told, each with the version that it is about; None where there is none."""


class Keeping(msgspec.Struct, Generic[T], frozen=True):
    """How answers of a kind are kept, and made again."""

    told: Callable[[T], Sequence[Told]]
    again: Callable[[Found], T]

    def once(self, work: Work[T | Refused], key: Once | None) -> Work[T | Refused]:
        """The same work, done unless it was done under the key."""
        if key is None:
            return work

        async def at_most_once(tx: Reads) -> tuple[T | Refused, Changes]:
            kept = await tx.answered(key.caller, key.name)
            if kept is not None:
                if kept.digest != key.digest:
                    return Refused((REUSED,)), NOTHING
                return self.again(await _found(tx, _DECODER.decode(kept.answer))), NOTHING
            answer, changes = await work(tx)
            if isinstance(answer, Refused):
                return answer, changes
            told = msgspec.json.encode(self.told(answer)).decode()
            row = Answered(key.caller, key.name, key.digest, micros(tx.now), told)
            return answer, joined(changes, answered=(row,))

        return at_most_once


_DECODER = msgspec.json.Decoder(tuple[Told, ...])


async def _found(tx: Reads, told: Sequence[Told]) -> Found:
    return [(one, await tx.vread(one.rtype, one.rid, one.version) if one.version else None) for one in told]


def _of_written(index: int, done: Written) -> Told:
    at = micros(done.updated)
    return Told(index, done.status, done.rtype, done.rid, done.version, at, done.many, done.issues)


def _written(told: Told, stored: Stored | None) -> Written:
    body = stored.body if stored and told.status != 204 else b""
    person = stored.person_id if stored else None
    at = moment(told.at)
    return Written(told.status, told.rtype, told.rid, told.version, at, body, told.many, told.issues, person)


def _tell_one(done: Written) -> Sequence[Told]:
    return (_of_written(0, done),)


def _tell_entries(done: Mapping[int, Written]) -> Sequence[Told]:
    return [_of_written(index, one) for index, one in done.items()]


def _tell_versions(done: Sequence[Stored]) -> Sequence[Told]:
    return [Told(0, 200, row.rtype, row.rid, row.version, row.at) for row in done]


ONE: Keeping[Written] = Keeping(_tell_one, lambda found: _written(*found[0]))
"""Of `Written`."""
ENTRIES: Keeping[Mapping[int, Written]] = Keeping(
    _tell_entries, lambda found: {told.index: _written(told, stored) for told, stored in found}
)
"""Of those of a transaction, by index."""
VERSIONS: Keeping[tuple[Stored, ...]] = Keeping(
    _tell_versions, lambda found: tuple(stored for _, stored in found if stored)
)
"""Of the versions that an operation made."""
