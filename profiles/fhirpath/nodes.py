"""The values that FHIRPath walks over: JSON with the FHIR type that it has in its place."""

from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple, TypeAlias

from profiles.definitions import Element, elements, kinds

BACKBONES = frozenset({"BackboneElement", "Element"})


class Node(NamedTuple):
    """`type` is a FHIR type; `path` is set inside a backbone element of it (`Patient`, `contact`).

    `extra` is the companion of a primitive: its id and extensions. `value` is None where there are only those.
    """

    value: Any
    type: str = ""
    path: str = ""
    extra: Any = None


def node_of(value: Any, type_name: str, path: str = "") -> Node:
    """A value of a type; a resource is of the type that it names."""
    if type(value) is dict and type(value.get("resourceType")) is str:
        return Node(value, value["resourceType"])
    return Node(value, type_name, path)


class _Member(NamedTuple):
    """A property. `beside`: where the id and the extensions of a primitive are."""

    key: str
    type: str
    path: str
    beside: str


def _member(key: str, type_name: str, path: str) -> _Member:
    return _Member(key, type_name, path, f"_{key}")


@cache
def _members(type_name: str, path: str) -> dict[str, tuple[_Member, ...]]:
    """Name in an expression -> the properties that it may stand for."""
    found: dict[str, tuple[_Member, ...]] = {}
    for element in elements(type_name):
        parent, _, name = element.path.rpartition(".")
        if parent == path:
            found[name.removesuffix("[x]")] = tuple(_properties(element, type_name, name))
    return found


def _properties(element: Element, type_name: str, name: str) -> Iterator[_Member]:
    if element.content:
        yield _member(name, type_name, element.content.partition(".")[2])
    for kind in element.types:
        key = name[:-3] + kind.code[:1].upper() + kind.code[1:] if name.endswith("[x]") else name
        inner = kind.code in BACKBONES
        yield _member(key, type_name if inner else kind.code, element.path if inner else "")


def child(node: Node, name: str) -> list[Node]:
    """The children of one name; `extension` and `id` of a primitive are in its companion."""
    return [found for _, _, found in _found(node, name)]


def placed(node: Node, name: str) -> list[tuple[str, Node]]:
    """The children of one name, each with its place below the node (`.given[1]`, `.valueQuantity`)."""
    found = _found(node, name)
    if not found:
        return []
    return [(f".{key}[{index}]" if index is not None else f".{key}" if key else "", one) for key, index, one in found]


_Found: TypeAlias = tuple[str, int | None, Node]
"""A child with its property, none of a primitive itself, and its place in the list that it is in."""


def _found(node: Node, name: str) -> list[_Found]:
    value = node.value
    if type(value) is not dict:
        if name == "value":
            return [] if value is None else [("", None, node)]  # of a primitive: what it is without its extensions
        value = node.extra
        if type(value) is not dict:
            return []
    members = _members(node.type, node.path).get(name)
    if members is None:  # what is no element of the type: any value may have it
        members = (_member(name, {"extension": "Extension", "id": "string"}.get(name, ""), ""),)
    if len(members) == 1:
        (member,) = members
        return _of_member(value, member) if member.key in value or member.beside in value else []
    keys = _keys(members)
    present = dict.fromkeys(keys[key] for key in value if key in keys)
    return [found for member in present for found in _of_member(value, member)]


@cache
def _keys(members: tuple[_Member, ...]) -> dict[str, _Member]:
    """By property; there are fifty that a value of any type may stand in."""
    return {key: member for member in members for key in (member.key, member.beside)}


def _of_member(value: dict[str, Any], member: _Member) -> list[_Found]:
    key, found, extras = member.key, value.get(member.key), value.get(member.beside)
    if type(found) is not list and type(extras) is not list:
        return [(key, None, _typed(found, member, extras))]
    items = found if type(found) is list else []
    if extras is None:
        return [(key, n, _typed(one, member, None)) for n, one in enumerate(items) if one is not None]
    both = zip_longest(items, extras if type(extras) is list else [])
    told = enumerate(both)
    return [(key, n, _typed(one, member, x)) for n, (one, x) in told if one is not None or x is not None]


def _typed(value: Any, member: _Member, extra: Any) -> Node:
    if member.type in ("Resource", "DomainResource"):
        return node_of(value, member.type)
    return Node(value, member.type, member.path, extra)


def children(node: Node) -> Iterator[Node]:
    """All children, in the order of the JSON."""
    value = node.value if type(node.value) is dict else node.extra
    if type(value) is not dict:
        return
    keys = {key.removeprefix("_"): None for key in value if key != "resourceType"}
    known = {m.key: name for name, members in _members(node.type, node.path).items() for m in members}
    for key in keys:
        name = known.get(key, key)
        yield from child(node, name)


def is_a(node: Node, name: str) -> bool:
    """Whether a value is of a type; the types of FHIRPath itself are those of FHIR in small letters."""
    wanted = name if name in kinds() else name[:1].lower() + name[1:]
    found = "BackboneElement" if node.path else node.type
    return wanted in (found, *_ABOVE.get(found, ())) or (wanted in _ROOTS and kinds().get(found) == _ROOTS[wanted])


_ABOVE = {
    **dict.fromkeys(("Age", "Count", "Distance", "Duration"), ("Quantity",)),
    **dict.fromkeys(("code", "id", "markdown"), ("string",)),
    **dict.fromkeys(("url", "canonical", "oid", "uuid"), ("uri",)),
    **dict.fromkeys(("unsignedInt", "positiveInt"), ("integer",)),
}
_ROOTS = {"Resource": "resource", "DomainResource": "resource"}
