"""Literal references to this server's own resources lead somewhere, and go on doing so (referential integrity).

A reference is held to it when it names a resource of ours, relative or with our base before it; contained ones, `urn:`,
logical ones, canonical addresses and other servers' are not ours to keep. One to a version stays good after a deletion:
that version can still be read. https://hl7.org/fhir/R4/references.html#literal
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from fhir_service.rules import Draft
from fhir_service.storage.port import Lock
from fhir_service.workflow.known import Key, Known
from profiles.definitions import resource_types
from profiles.issues import Issue, error

TOLD = 5
"""How many of those that refer to a resource are named."""
RECORDS = frozenset({"AuditEvent", "Provenance"})
"""They tell what happened to a resource, and so outlive it: they keep nothing from being deleted."""
FOREIGN = frozenset({"Binary", "Bundle", "Parameters"})
"""What stands in a Bundle refers to what is beside it there."""
_ID = r"[A-Za-z0-9\-.]{1,64}"
_LOCAL = re.compile(rf"([A-Z][A-Za-z]+)/({_ID})(/_history/{_ID})?")
_IN_BYTES = re.compile(rb'"reference":"((?:[^"\\]|\\.)*)"')
"""A member of that name, in JSON as this service writes it: within a string its quotes would be escaped."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a literal reference names. `versioned`: one version of it."""

    key: Key
    versioned: bool


@lru_cache(maxsize=8192)
def own_target(literal: str, base: str) -> Target | None:
    """The resource of this server that a literal reference names; None for all else."""
    found = _LOCAL.fullmatch(literal.removeprefix(base + "/"))
    if found is None or found[1] not in resource_types():
        return None
    return Target((found[1], found[2]), found[3] is not None)


def references_in(tail: bytes) -> frozenset[str]:
    """The literal references in the bytes of a resource (`versions.tail_of`)."""
    return frozenset(_text(raw) for raw in _IN_BYTES.findall(tail))


def _text(raw: bytes) -> str:
    return raw.decode() if b"\\" not in raw else msgspec.json.decode(b'"' + raw + b'"', type=str)


def targets_of(draft: Draft, tail: bytes, base: str) -> frozenset[Target]:
    """The resources of this server that a draft is to refer to."""
    if draft.rtype in FOREIGN:
        return frozenset()
    found = (own_target(literal, base) for literal in references_in(tail))
    return frozenset(target for target in found if target)


async def broken(known: Known, drafts: Sequence[tuple[Draft, bytes]], base: str) -> tuple[tuple[Draft, Issue], ...]:
    """What the drafts (each with its tail; empty for a delete) would leave dangling, by the draft that does."""
    refers = [(draft, targets_of(draft, tail, base)) for draft, tail in drafts if draft.after is not None]
    deleted = {(d.rtype, d.rid) for d, _ in drafts if d.after is None}
    made = {(d.rtype, d.rid) for d, _ in drafts if d.after is not None}
    wanted = {target.key for _, targets in refers for target in targets} - made - deleted
    there = await known.get_many(sorted(wanted), lock=Lock.KEEP) if wanted else {}
    issues: list[tuple[Draft, Issue]] = []
    for draft, targets in refers:
        for target in targets:
            row = there.get(target.key)
            if target.key in made or (row is not None and (target.versioned or not row.deleted)):
                continue
            if target.versioned and target.key in deleted:
                continue
            issues.append((draft, _dangling(draft, target, base)))
    if deleted:
        issues.extend(await _referred_to(known, drafts, deleted))
    return tuple(issues)


def _dangling(draft: Draft, target: Target, base: str) -> Issue:
    at = next(places_of(draft.after, draft.rtype, target, base), draft.rtype)
    name = "/".join(target.key)
    return error(
        "dangling-reference", at, f"There is no {name} here; what is referred to must exist and not be deleted"
    )


def places_of(value: Any, at: str, target: Target, base: str) -> Iterator[str]:
    """Paths of the elements that refer to a target."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from places_of(item, f"{at}[{number}]", target, base)
    elif isinstance(value, dict):
        literal = value.get("reference")
        if isinstance(literal, str) and own_target(literal, base) == target:
            yield at
        for name, inner in value.items():
            yield from places_of(inner, f"{at}.{name}", target, base)


async def _referred_to(
    known: Known, drafts: Sequence[tuple[Draft, bytes]], deleted: set[Key]
) -> list[tuple[Draft, Issue]]:
    """The deletes that would leave current resources without what they refer to."""
    standing = sorted(deleted)
    rows = await known.get_many(standing, lock=Lock.TAKE)
    drafted = {(d.rtype, d.rid) for d, _ in drafts}
    issues: list[tuple[Draft, Issue]] = []
    for draft, _ in drafts:
        key = (draft.rtype, draft.rid)
        if draft.after is not None or key not in rows:
            continue
        found = await known.referrers((key,), TOLD + 1 + len(drafted), RECORDS)
        others = [f"{rtype}/{rid}" for rtype, rid in found if (rtype, rid) not in drafted]
        if others:
            issues.append((draft, _still_needed(draft, others)))
    return issues


def _still_needed(draft: Draft, others: Iterable[str]) -> Issue:
    named = sorted(others)
    more = " and others" if len(named) > TOLD else ""
    text = f"{', '.join(named[:TOLD])}{more} refer to it: delete or change them first, or in the same transaction"
    return error("referred-to", draft.rtype, text)
