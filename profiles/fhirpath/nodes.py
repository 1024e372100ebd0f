"""The values that FHIRPath walks over: JSON with the FHIR type that it has in its place."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

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
    key: str
    type: str
    path: str


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
        yield _Member(name, type_name, element.content.partition(".")[2])
    for kind in element.types:
        key = name[:-3] + kind.code[:1].upper() + kind.code[1:] if name.endswith("[x]") else name
        inner = kind.code in BACKBONES
        yield _Member(key, type_name if inner else kind.code, element.path if inner else "")


def child(node: Node, name: str) -> Iterator[Node]:
    """The children of one name; `extension` and `id` of a primitive are in its companion."""
    return (found for _, found in placed(node, name))


def placed(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    """The children of one name, each with its place below the node (`.given[1]`, `.valueQuantity`)."""
    if name == "value" and type(node.value) is not dict:
        if node.value is not None:
            yield "", node  # of a primitive: what it is without its extensions
        return
    value = node.value if type(node.value) is dict else node.extra
    if type(value) is not dict:
        return
    members = _members(node.type, node.path).get(name)
    if members is None:
        members = (_Member(name, {"extension": "Extension", "id": "string"}.get(name, ""), ""),)
    for member in members:
        if member.key in value or f"_{member.key}" in value:
            yield from _at(value, member)


def _at(value: dict[str, Any], member: _Member) -> Iterator[tuple[str, Node]]:
    found, extras = value.get(member.key), value.get(f"_{member.key}")
    if type(found) is not list and type(extras) is not list:
        yield f".{member.key}", _typed(found, member, extras)
        return
    items, beside = (list_ if type(list_) is list else [] for list_ in (found, extras))
    for index in range(max(len(items), len(beside))):
        one = items[index] if index < len(items) else None
        extra = beside[index] if index < len(beside) else None
        if one is not None or extra is not None:
            yield f".{member.key}[{index}]", _typed(one, member, extra)


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
        yield from (n for n in child(node, name))


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
