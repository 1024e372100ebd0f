"""Where the definitions describe an element, and what they say about those below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from profiles.definitions import Element as Row
from profiles.definitions import elements, kinds

STRINGS = frozenset(
    {"string", "code", "id", "markdown", "xhtml", "uri", "url", "canonical", "oid", "uuid", "base64Binary"}
    | {"date", "dateTime", "instant", "time"}
)
NUMBERS = frozenset({"integer", "positiveInt", "unsignedInt", "decimal"})


@dataclass(frozen=True, slots=True)
class Shape:
    """A type, or (`path`) a part of one without a name of its own: `Patient` `contact`."""

    owner: str
    path: str = ""

    @property
    def primitive(self) -> bool:
        """Whether its value is no object: its id and extensions stand beside it, under `_name`."""
        return not self.path and kinds().get(self.owner) == "primitive-type"


@dataclass(frozen=True, slots=True)
class Element:
    """What may stand under one name. `names`: JSON name by type, more than one for a choice (`value[x]`)."""

    names: Mapping[str, str]
    shapes: Mapping[str, Shape]
    many: bool

    @property
    def choice(self) -> bool:
        """Whether the type shows in the name."""
        return len(set(self.names.values())) > 1


@cache
def child(shape: Shape, name: str) -> Element | None:
    """The element `name` (`birthDate`, `value`, also `valueQuantity`) below a shape; None if there is none."""
    return _children(shape).get(name)


@cache
def _children(shape: Shape) -> Mapping[str, Element]:
    prefix = f"{shape.path}." if shape.path else ""
    found: dict[str, Element] = {}
    for row in elements("Element" if shape.primitive else shape.owner):
        plain = row.path.removeprefix(prefix)
        if row.path.startswith(prefix) and "." not in plain:
            found.update(_named(shape, row, plain))
    return found


def _named(shape: Shape, row: Row, plain: str) -> Mapping[str, Element]:
    """The element by each name that it can be asked for by."""
    many = row.max != 1
    if row.content:
        return {plain: Element({"": plain}, {"": Shape(shape.owner, row.content.partition(".")[2])}, many)}
    stem = plain.removesuffix("[x]")
    shapes = {t.code: _below(shape, row.path, t.code) for t in row.types}
    if stem == plain:
        return {plain: Element(dict.fromkeys(shapes, plain), shapes, many)}
    names = {code: stem + code[0].upper() + code[1:] for code in shapes}
    single = {names[code]: Element({code: names[code]}, {code: shapes[code]}, many) for code in shapes}
    return {stem: Element(names, shapes, many), **single}


def _below(shape: Shape, path: str, code: str) -> Shape:
    return Shape(shape.owner, path) if code in ("BackboneElement", "Element") else Shape(code)


def fits(sent: str, wanted: str) -> bool:
    """Whether a value sent as one primitive type may stand for another: what it must look like is checked later."""
    return sent == wanted or any(sent in family and wanted in family for family in (STRINGS, NUMBERS))
