"""Literal references to this server's own resources lead somewhere, and go on doing so (referential integrity).

A reference is held to it when it names a resource of ours, relative or with our base before it; contained ones, `urn:`,
logical ones, canonical addresses and other servers' are not ours to keep. One to a version stays good after a deletion:
that version can still be read. https://hl7.org/fhir/R4/references.html#literal
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from fhir_service.rules import Draft
from fhir_service.search.references import FOREIGN, REMEMBERED
from fhir_service.storage.port import Lock, Stored
from fhir_service.workflow.known import Key, Known
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import tail_of
from profiles.definitions import resource_types
from profiles.issues import Issue, error

TOLD = 5
"""How many of those that refer to a resource are named."""
LOOKED_AT = 1_000
"""Of so many it is found out whether the caller may see them."""
RECORDS = frozenset({"AuditEvent", "Provenance"})
"""They tell what happened to a resource, and so outlive it: they keep nothing from being deleted."""
BY_NUMBER = (
    ". A person whose record you do not see is named by number (identifier with system and value, without reference), "
    "or registered by you: POST Patient"
)
_ID = r"[A-Za-z0-9\-.]{1,64}"
_LOCAL = re.compile(rf"([A-Z][A-Za-z]+)/({_ID})(?:/_history/({_ID}))?")
REFERENCE = re.compile(rb'"reference":"((?:[^"\\]|\\.)*)"')
"""A member of that name, in JSON as this service writes it: within a string its quotes would be escaped."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a literal reference names. `version`: the one version of it, where it names one."""

    key: Key
    version: str | None = None

    def is_version_of(self, row: Stored) -> bool:
        """Whether it names a version that there has been: they are numbered without a gap, and all are kept."""
        number = self.version or ""
        return number.isascii() and number.isdecimal() and number[0] != "0" and int(number) <= row.version


def own_target(literal: str, base: str) -> Target | None:
    """The resource of this server that a literal reference names; None for all else."""
    return _own_target(literal, base) if len(literal) <= REMEMBERED else _own_target.__wrapped__(literal, base)


@lru_cache(maxsize=8192)
def _own_target(literal: str, base: str) -> Target | None:
    found = _LOCAL.fullmatch(literal.removeprefix(base + "/"))
    if found is None or found[1] not in resource_types():
        return None
    return Target((found[1], found[2]), found[3])


def references_in(tail: bytes) -> tuple[str, ...]:
    """The literal references in the bytes of a resource (`versions.tail_of`), each once, in their order."""
    return tuple(dict.fromkeys(_text(raw) for raw in REFERENCE.findall(tail)))


def _text(raw: bytes) -> str:
    return raw.decode() if b"\\" not in raw else msgspec.json.decode(b'"' + raw + b'"', type=str)


def targets_of(wanted: Wanted, base: str) -> tuple[Target, ...]:
    """The resources of this server that a draft is to refer to."""
    if wanted.tail is None or wanted.draft.rtype in FOREIGN:
        return ()
    return tuple(target for literal in references_in(wanted.tail) if (target := own_target(literal, base)))


async def broken(known: Known, wanted: Sequence[Wanted], base: str) -> tuple[tuple[Draft, Issue], ...]:
    """What the drafts would leave dangling, by the draft that does."""
    deleted = {(w.draft.rtype, w.draft.rid) for w in wanted if w.draft.after is None}
    made = {(w.draft.rtype, w.draft.rid) for w in wanted} - deleted
    refers = [(w, [t for t in targets_of(w, base) if t.key not in made]) for w in wanted]
    named = {target.key for _, targets in refers for target in targets}
    there = await known.get_many(sorted(named), lock=Lock.KEEP) if named else {}
    # what is hidden is told like what is not there (SR-29), where it was not referred to before
    narrowed = known.access.condition is not None
    new = {target.key for one, targets in refers for target in _brought(one, targets, base)} if narrowed else set()
    hidden = await known.hidden(new & there.keys())
    seen = {key: row for key, row in there.items() if key not in hidden}
    good = {key for key, row in seen.items() if not row.deleted and key not in deleted}
    issues: list[tuple[Draft, Issue]] = []
    for one, targets in refers:
        gone = [t for t in targets if not (_is_there(t, seen) if t.version else t.key in good)]
        if gone:
            told = _dangling(one, gone, deleted, base)
            issues.extend((one.draft, _otherwise_named(issue) if narrowed else issue) for issue in told)
    if deleted:
        issues.extend(await _referred_to(known, wanted, deleted))
    return tuple(issues)


def _brought(wanted: Wanted, targets: Iterable[Target], base: str) -> set[Target]:
    """Those of the targets that its author names where they were not named before: in the version that it replaces, or
    in the part of that which the author sees."""
    now, before = set(targets), wanted.stored.body if wanted.stored else b""
    if wanted.draft.view is not None:
        before, made = map(tail_of, wanted.draft.view)
        now &= _targets(made, base)
    return now - _targets(before, base)


def _targets(body: bytes, base: str) -> set[Target]:
    return {target for literal in references_in(body) if (target := own_target(literal, base))}


def _is_there(target: Target, seen: Mapping[Key, Stored]) -> bool:
    """Whether the version that it names can be read, deleted since or not."""
    row = seen.get(target.key)
    return row is not None and target.is_version_of(row)


def _dangling(wanted: Wanted, gone: Sequence[Target], deleted: set[Key], base: str) -> Iterator[Issue]:
    """An issue for each target that is gone. What dangled before already hinders no other change."""
    brought = _brought(wanted, gone, base)
    places: dict[Target, str] = {}
    for target, at in places_in(wanted.draft.change[1], wanted.draft.rtype, base):
        places.setdefault(target, at)
    for target in gone:
        if target in brought or target.key in deleted:
            text = f"There is no {'/'.join(target.key)} here; what is referred to must exist and not be deleted"
            yield error("dangling-reference", places.get(target, wanted.draft.rtype), text)


def _otherwise_named(issue: Issue) -> Issue:
    """What to send instead, for whoever sees a part of what is there: the same whether there is that Patient or not."""
    return replace(issue, text=issue.text + BY_NUMBER) if "Patient/" in issue.text else issue


def places_in(value: Any, at: str, base: str) -> Iterator[tuple[Target, str]]:
    """What elements refer to, each with its path."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from places_in(item, f"{at}[{number}]", base)
    elif isinstance(value, dict):
        literal = value.get("reference")
        target = own_target(literal, base) if isinstance(literal, str) else None
        if target is not None:
            yield target, at
        for name, inner in value.items():
            yield from places_in(inner, f"{at}.{name}", base)


async def _referred_to(known: Known, wanted: Sequence[Wanted], deleted: set[Key]) -> list[tuple[Draft, Issue]]:
    """The deletes that would leave current resources without what they refer to."""
    await known.get_many(sorted(deleted), lock=Lock.TAKE)
    drafted = {(w.draft.rtype, w.draft.rid) for w in wanted}
    issues: list[tuple[Draft, Issue]] = []
    for draft in (w.draft for w in wanted if w.draft.after is None):
        most = (TOLD + 1 if known.access.condition is None else LOOKED_AT) + len(drafted)
        found = await known.referrers(((draft.rtype, draft.rid),), most, RECORDS | FOREIGN)
        others = frozenset(found) - drafted
        if others:
            issues.append((draft, _still_needed(draft, others, await known.hidden(others))))
    return issues


def _still_needed(draft: Draft, others: frozenset[Key], hidden: frozenset[Key]) -> Issue:
    """Names some of those that the caller may see, as if there were no others (SR-28); these keep it from being deleted
    all the same."""
    named = ", ".join(map("/".join, sorted(others - hidden)[:TOLD]))
    more = len(others - hidden) > TOLD
    who = f"{named}{' and others' if more else ''}" if named else "Others"
    text = f"{who} refer to it: delete or change them first, or in the same transaction"
    return error("referred-to", draft.rtype, text)
