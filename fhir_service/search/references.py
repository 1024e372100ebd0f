"""Reference and uri parameters.  https://hl7.org/fhir/R4/search.html#reference"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_service.search.escapes import unescape
from fhir_service.search.query import ReferenceValue
from profiles.definitions import resource_types
from profiles.names import PERSON_SYSTEMS

if TYPE_CHECKING:
    from fhir_service.search.paths import Branch

Target: TypeAlias = tuple[str, str, str]
"""(type, id, url): url empty for a resource of this server, type and id empty for something elsewhere."""
Index: TypeAlias = Callable[[Any, str], Sequence[Target]]

EXPECTED = "Type/id, id or an absolute address"
URI_EXPECTED = "an address"
MAX_STEPS = 30
"""Slashes of an address that others are looked for above (SR-8)."""
_ID = r"[A-Za-z0-9\-.]{1,64}"
_RELATIVE = re.compile(rf"([A-Z][A-Za-z]+)/({_ID})(?:/_history/{_ID})?")
FOREIGN = frozenset({"Binary", "Bundle", "Parameters"})
"""What stands in a Bundle refers to what is beside it there: these keep nothing here."""
OTHER = "_refers"
"""The name under which references are indexed that no parameter finds: who refers to a resource must be known."""
_MEMBER = re.compile(rb'"reference":"([A-Za-z][^"\\#?]*)"')
"""What may be a literal reference to a resource of this server, in JSON as this service writes it."""
_PLAIN_ID = re.compile(_ID)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def is_id(text: str) -> bool:
    """Whether it can be the id of a resource."""
    return _PLAIN_ID.fullmatch(text) is not None


def target(text: str, base_url: str) -> Target | None:
    """What a literal reference names, whichever version of it; None for a contained resource."""
    return _target(text, base_url) if len(text) <= REMEMBERED else _target.__wrapped__(text, base_url)


REMEMBERED = 256
"""Characters of a reference that is not worked out again: what thousands name is short."""


@lru_cache(maxsize=8192)
def _target(text: str, base_url: str) -> Target | None:
    if text.startswith("#"):
        return None
    match = _RELATIVE.fullmatch(text.removeprefix(base_url + "/") if base_url else text)
    return (match[1], match[2], "") if match else ("", "", text)


def beside(
    body: bytes, rows: Sequence[tuple[str, str, str, str]], base_url: str
) -> tuple[tuple[str, str, str, str], ...]:
    """Rows for what the bytes of a resource refer to here and `rows`, those of its parameters, do not name."""
    named = {(rtype, rid) for _, rtype, rid, _ in rows}
    more: dict[tuple[str, str, str, str], None] = {}
    for raw in _MEMBER.findall(body):
        found = target(raw.decode(), base_url)
        if found and found[1] and found[:2] not in named and found[0] in resource_types():
            more[(OTHER, *found)] = None
    return tuple(more)


def points_to(rtype: str, *, about_one: bool) -> Callable[[Any], bool]:
    """`resolve() is <rtype>` without resolving: by the address, the stated type, or a person's identifier.

    `about_one`: the element names the one whom the resource is about; a national identifier without a type then means
    a Patient (SR-14). Elsewhere it may as well be a practitioner's.
    """
    sure = rtype == "Patient" and about_one

    def holds(reference: Any) -> bool:
        if not isinstance(reference, dict):
            return False
        literal, stated = reference.get("reference"), reference.get("type")
        if isinstance(literal, str) and "/" in literal:
            return _named_type(literal) == rtype or stated == rtype
        return bool(stated == rtype or (sure and stated is None and _names_person(reference.get("identifier"))))

    return holds


def _named_type(literal: str) -> str:
    parts = literal.split("/")
    if len(parts) > 3 and parts[-2] == "_history":
        parts = parts[:-2]
    return parts[-2]


def _names_person(identifier: Any) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") in PERSON_SYSTEMS


def read(text: str, targets: tuple[str, ...], base_url: str) -> ReferenceValue | None:
    """An escaped value; None if it is none. An id alone has the type of `targets` when there is but one."""
    plain = unescape(text)
    if is_id(plain):
        return ReferenceValue(targets[0] if len(targets) == 1 else None, plain)
    found = target(plain, base_url)
    if found is None:
        return None
    rtype, rid, url = found
    if url:
        return ReferenceValue(None, "", url) if _ABSOLUTE.fullmatch(url) else None
    return ReferenceValue(rtype, rid) if rtype in resource_types() else None


def read_uri(text: str) -> ReferenceValue | None:
    """An escaped value of a uri parameter."""
    plain = unescape(text)
    return ReferenceValue(None, "", plain) if plain and not re.search(r"\s", plain) else None


def above(url: str) -> Iterator[str]:
    """The address and those that it lies below, with and without a slash at the end, down to the host.

    `http://acme.org/fhir/ValueSet/1` -> itself, `http://acme.org/fhir/ValueSet/`, `http://acme.org/fhir/ValueSet` ...
    """
    yield url
    start = url.find("://") + 3 if "://" in url else len(url)
    at = url.rfind("/", start)
    while at >= start:
        yield url[: at + 1]
        yield url[:at]
        at = url.rfind("/", start, at)


def _reference(value: Any, base_url: str) -> Sequence[Target]:
    literal = value.get("reference") if isinstance(value, dict) else None
    found = target(literal, base_url) if isinstance(literal, str) else None
    return (found,) if found else ()


def _canonical(value: Any, _: str) -> Sequence[Target]:
    """With its version, if it has one, and without."""
    if not isinstance(value, str):
        return ()
    plain = value.partition("|")[0]
    return (("", "", value),) if plain == value else (("", "", value), ("", "", plain))


def _uri(value: Any, _: str) -> Sequence[Target]:
    return (("", "", value),) if isinstance(value, str) else ()


_INDEX: Mapping[str, Index] = {
    "Reference": _reference,
    "canonical": _canonical,
    "uri": _uri,
    "url": _uri,
    "oid": _uri,
}


def indexer(branch: "Branch") -> Index | None:
    """How values of the branch become targets; None: neither a reference nor an address.

    Where R4 names a resource itself (`Bundle.entry[0].resource`), it is the one with the type and id stated.
    """
    return _inline(branch.targets) if branch.type == "Resource" else _INDEX.get(branch.type)


def _inline(rtypes: tuple[str, ...]) -> Index:
    def index(value: Any, _: str) -> Sequence[Target]:
        rtype, rid = (value.get("resourceType"), value.get("id")) if isinstance(value, dict) else (None, None)
        return ((rtype, rid, ""),) if rtype in rtypes and isinstance(rid, str) and is_id(rid) else ()

    return index
