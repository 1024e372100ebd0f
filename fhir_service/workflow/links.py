"""Links that only become addresses when they are written: to what a transaction makes, and conditional references.

https://hl7.org/fhir/R4/http.html#trules  `urn:uuid:` and other full URLs of a transaction's entries are replaced in
references, in elements of type uri, url, oid and uuid, and in `<a href>` and `<img src>` of a narrative; elements of
type canonical are left alone. `Patient?identifier=...` in a reference becomes the one resource that it matches.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import structs

from fhir_service.rules import Draft
from fhir_service.search.query import SearchQuery
from fhir_service.search.references import FOREIGN
from fhir_service.workflow.conditions import criteria_of
from fhir_service.workflow.drafted_matches import Drafted
from fhir_service.workflow.integrity import REFERENCE, references_in
from fhir_service.workflow.known import Known
from fhir_service.workflow.patches.shapes import Shape, child
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import tail_of, with_tail
from profiles.definitions import resource_types
from profiles.issues import Issue, error

_MENTIONED = re.compile(rb"(?:urn:(?:uuid|oid):|https?://)[^\"\\\s'<>|#?]+")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)
_RESTFUL = re.compile(r"(https?://.+)/[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_HREF = re.compile(r"""(<(?:a|img)\b[^>]*?\s(?:href|src)\s*=\s*)(["'])([^"']*)\2""", re.IGNORECASE)
_REPLACED = frozenset({"uri", "url", "oid", "uuid"})
_MANY = 2
_SEALED = FOREIGN - {"Binary"}
"""A Bundle that is kept as it is refers to what is in it: its full URLs are its own."""


class Linked(msgspec.Struct, frozen=True):
    """The drafts with their links resolved, or what is wrong, by the draft it is in."""

    wanted: tuple[Wanted, ...]
    issues: tuple[tuple[Draft, Issue], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the entries of a transaction are to be. `of`: full URL -> `Type/id`; `urls`: `Type/id` -> full URL."""

    of: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)


NOWHERE = Places()


async def linked(known: Known, wanted: Sequence[Wanted], places: Places, base: str) -> Linked:
    """Resolve the links of all drafts of a transaction."""
    if not places.of and not any(w.tail and b"?" in w.tail for w in wanted):
        return Linked(tuple(wanted))
    done: list[Wanted] = []
    issues: list[tuple[Draft, Issue]] = []
    matched: dict[str, str | Issue] = {}
    drafted = Drafted([(w.draft.rid, w.draft.after) for w in wanted if w.draft.after is not None], base)
    around = _Around(wanted, places, base, drafted)
    for one in wanted:
        links, wrong = await _links(known, one, around, matched)
        issues.extend((one.draft, issue) for issue in wrong)
        done.append(_relinked(one, links) if links else one)
    return Linked(tuple(done), tuple(issues))


class _Around(msgspec.Struct, frozen=True):
    """What the links of a draft may be about."""

    wanted: Sequence[Wanted]
    places: Places
    base: str
    drafted: Drafted


async def _links(
    known: Known, one: Wanted, around: _Around, matched: dict[str, str | Issue]
) -> tuple[dict[str, str], list[Issue]]:
    """Link as it was sent -> `Type/id`, for those of a draft that are to be replaced."""
    if one.tail is None or one.draft.rtype in _SEALED:
        return {}, []
    links = _made_here(one, around.places, around.base)
    issues: list[Issue] = []
    if b"?" in one.tail:
        for literal in references_in(one.tail):
            if _CONDITIONAL.fullmatch(literal):
                if literal not in matched:
                    matched[literal] = await _match(known, literal, around)
                found = matched[literal]
                if isinstance(found, Issue):
                    issues.append(replace(found, at=one.draft.rtype))
                else:
                    links[literal] = found
    return links, issues


def _made_here(one: Wanted, places: Places, base: str) -> dict[str, str]:
    if not places.of:
        return {}
    tail = one.tail or b""
    mentioned = {url for raw in _MENTIONED.findall(tail) if (url := raw.decode("utf-8", "replace")) in places.of}
    links = {url: places.of[url] for url in mentioned}
    root = _root(places.urls.get(one.draft.reference, ""), base)
    for literal in references_in(tail) if root else ():
        place = places.of.get(f"{root}/{literal}") if _RELATIVE.fullmatch(literal) else None
        if place is not None and place != literal:
            links[literal] = place
    return links


def _root(full_url: str, base: str) -> str:
    """What relative references of an entry are relative to; without a full URL they are to this server."""
    found = _RESTFUL.fullmatch(full_url)
    return found[1] if found else ("" if full_url else base)


async def _match(known: Known, literal: str, around: _Around) -> str | Issue:
    """The one resource that a conditional reference matches when the transaction is done."""
    rtype, _, query = literal.partition("?")
    if rtype not in resource_types():
        return error("reference-target", "", "A conditional reference begins with a resource type")
    criteria = criteria_of(rtype, parse_qsl(query, keep_blank_values=True), around.base, "")
    if not isinstance(criteria, SearchQuery):
        return criteria[0]
    found = await _matching(known, criteria, around)
    if len(found) == 1:
        return f"{rtype}/{found.pop()}"
    if found:
        return error("multiple-matches", "", "A conditional reference matches more than one resource")
    return error("dangling-reference", "", f"A conditional reference to a {rtype} matches nothing here")


async def _matching(known: Known, query: SearchQuery, around: _Around) -> set[str]:
    """Ids of what matches: in the database as far as it is left alone, and among the drafts."""
    drafted = {w.draft.rid for w in around.wanted if w.draft.rtype == query.rtype}
    rows = await known.matches(replace(query, count=_MANY + len(drafted), total=False))
    before = {row.rid for row in rows}
    found = around.drafted.matching(query)
    return (before - drafted) | found.certain | (found.unclear & before)


def _relinked(one: Wanted, links: Mapping[str, str]) -> Wanted:
    draft, tail = one.draft, one.tail or b""
    if _in_references_only(tail, links):
        new = {link.encode(): place.encode() for link, place in links.items()}
        tail = REFERENCE.sub(lambda m: b'"reference":"' + new.get(m[1], m[1]) + b'"', tail)
        after = with_tail(draft.after or {}, tail)
    else:
        after = _Walk(links).walk(draft.after, "", Shape(draft.rtype))
        tail = tail_of(after)
    view = draft.view and (draft.view[0], _Walk(links).walk(draft.view[1], "", Shape(draft.rtype)))
    return structs.replace(one, draft=structs.replace(draft, after=after, view=view), tail=tail)


def _in_references_only(tail: bytes, links: Mapping[str, str]) -> bool:
    """Whether the links stand in references and nowhere else: then bytes can be replaced by bytes."""
    found = Counter(REFERENCE.findall(tail))
    return all(tail.count(raw) == found[raw] for raw in map(str.encode, links))


@dataclass(frozen=True, slots=True)
class _Walk:
    """Through a resource, along the definitions; what has no link in it is not copied."""

    links: Mapping[str, str]

    def walk(self, value: Any, name: str, shape: Shape | None) -> Any:
        """The value with its links replaced."""
        if isinstance(value, dict):
            return self._object(value, _resource_shape(value) or shape)
        if isinstance(value, list):
            items = [self.walk(item, name, shape) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        return self._text(value, name, shape) if isinstance(value, str) else value

    def _object(self, value: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
        changed = {k: after for k, v in value.items() if (after := self.walk(v, k, _below(shape, k, v))) is not v}
        return {**value, **changed} if changed else value

    def _text(self, value: str, name: str, shape: Shape | None) -> str:
        if name == "div":
            return _HREF.sub(lambda m: f"{m[1]}{m[2]}{self._followed(m[3])}{m[2]}", value)
        links = name == "reference" or (shape is not None and shape.owner in _REPLACED)
        return self._followed(value) if links else value

    def _followed(self, link: str) -> str:
        """Where a link leads to; what stands behind a `#` stays."""
        plain, mark, rest = link.partition("#")
        return self.links.get(plain, plain) + mark + rest


def _resource_shape(value: Mapping[str, Any]) -> Shape | None:
    name = value.get("resourceType")
    return Shape(name) if isinstance(name, str) else None


def _below(shape: Shape | None, name: str, value: object) -> Shape | None:
    """The shape of a child; strings and what may hold some only."""
    if shape is None or not isinstance(value, str | dict | list):
        return None
    element = child(shape, name.removeprefix("_"))
    return next(iter(element.shapes.values()), None) if element else None
