"""Where the elements of a resource stand that a path of FHIRPath leads to, so that they can be changed there.

https://hl7.org/fhir/R4/fhirpath.html  A path names elements (`contact[0].name`), may choose among them (`where(use =
'official')`, `first()`, `extension('...')`, `ofType(Quantity)`) and stays within the resource. It comes from a client:
its length and nesting are bounded, and so are the steps that it may take.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_service.search.path_syntax import Binary, Call, Index, Literal, Member, Node, UnsupportedExpressionError, read
from fhir_service.workflow.patches.shapes import Element, Shape, child

LONGEST_PATH = 1_000
MOST_BRACKETS = 20
MOST_STEPS = 200_000
"""Elements looked at while one patch is applied (SR-8, SR-21)."""


class PatchError(Exception):
    """A patch does not fit the resource; the text says why and quotes no value."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element where it stands: under `name` in the object `holder`, and there as number `index` if it is a list."""

    holder: dict[str, Any]
    name: str
    shape: Shape
    element: Element | None = None
    parent: "Place | None" = None
    index: int | None = None

    @property
    def value(self) -> Any:
        """The value; None where only an id or extensions stand beside one."""
        return _nth(self.holder.get(self.name), self.index)

    @property
    def beside(self) -> Any:
        """What stands under `_name`: id and extensions of a primitive."""
        return _nth(self.holder.get("_" + self.name), self.index)


def _nth(found: Any, index: int | None) -> Any:
    if index is None:
        return found
    return found[index] if isinstance(found, list) and index < len(found) else None


def root_of(resource: dict[str, Any]) -> Place:
    """The resource itself, changed in place."""
    return Place({"": resource}, "", Shape(str(resource.get("resourceType"))))


def path_of(text: str) -> Node:
    """A path as a tree. Raises PatchError."""
    if len(text) > LONGEST_PATH or text.count("(") + text.count("[") > MOST_BRACKETS:
        raise PatchError(f"A path has at most {LONGEST_PATH} characters and {MOST_BRACKETS} brackets")
    try:
        return read(text)
    except UnsupportedExpressionError as problem:
        raise PatchError("The path is not understood; expected e.g. Patient.name.where(use = 'official').given") from (
            problem
        )


@dataclass(slots=True)
class Finder:
    """Follows paths through one resource, and counts its steps."""

    root: Place
    steps: int = field(default=0)

    def places(self, node: Node, start: Place | None = None) -> Sequence[Place]:
        """Where a path leads to; `start`: the element that a condition is about. Raises PatchError."""
        match node:
            case Member(None, name):
                return self._first(name, start)
            case Member(of, name) if of is not None:
                return [p for place in self.places(of, start) for p in self.children(place, name)]
            case Index(of, position):
                return self.places(of, start)[position : position + 1]
            case Call(of, name, arguments) if of is not None and name in _CHOICES:
                return _CHOICES[name](self, self.places(of, start), arguments)
            case Binary("as", left, Member(None, name)):
                return _typed(self, self.places(left, start), (Member(None, name),))
        raise PatchError("The path uses something that is not served here")

    def _first(self, name: str, start: Place | None) -> Sequence[Place]:
        if start is None and name in (self.root.shape.owner, "Resource", "DomainResource"):
            return (self.root,)
        return self.children(start or self.root, name)

    def children(self, place: Place, name: str) -> Sequence[Place]:
        """The elements of that name below one."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise PatchError("The patch looks at too many elements")
        shape = shape_below(place)
        element = child(shape, name)
        if element is None:
            raise PatchError(f"{shape.owner} has no such element there")
        holder = place.beside if place.shape.primitive else place.value
        if not isinstance(holder, dict):
            return ()
        return [
            p for code, json_name in element.names.items() for p in _standing(holder, json_name, code, element, place)
        ]

    def holds(self, node: Node, place: Place) -> bool:
        """Whether a condition holds for an element."""
        match node:
            case Binary("and", left, right):
                return self.holds(left, place) and self.holds(right, place)
            case Binary("or", left, right):
                return self.holds(left, place) or self.holds(right, place)
            case Binary("=" | "!=" as operator, left, right):
                first, second = self._values(left, place), self._values(right, place)
                return bool(first and second) and _same(first, second) is (operator == "=")
            case Call(of, "exists" | "empty" as name, ()) if of is not None:
                return bool(self.places(of, place)) is (name == "exists")
            case Call(of, "not", ()) if of is not None:
                return not self.holds(of, place)
        return self._values(node, place) == [True]

    def _values(self, node: Node, place: Place) -> list[Any]:
        if isinstance(node, Literal):
            return [node.value]
        return [p.value for p in self.places(node, place) if p.value is not None]


def _same(first: list[Any], second: list[Any]) -> bool:
    """JSON true is not 1."""
    return len(first) == len(second) and all(
        a == b and isinstance(a, bool) is isinstance(b, bool) for a, b in zip(first, second, strict=True)
    )


def shape_below(place: Place) -> Shape:
    """What describes the children: those of a contained resource hang on its type."""
    if place.shape.owner == "Resource" and not place.shape.path and isinstance(place.value, dict):
        return Shape(str(place.value.get("resourceType")))
    return place.shape


def _standing(holder: dict[str, Any], name: str, code: str, element: Element, parent: Place) -> Iterable[Place]:
    plain, beside = holder.get(name), holder.get("_" + name)
    if plain is None and beside is None:
        return ()
    shape = element.shapes[code]
    if not element.many:
        return (Place(holder, name, shape, element, parent),)
    size = max(len(found) for found in (plain, beside) if isinstance(found, list))
    return [Place(holder, name, shape, element, parent, index) for index in range(size)]


Choice = Callable[[Finder, Sequence[Place], tuple[Node, ...]], Sequence[Place]]


def _where(finder: Finder, places: Sequence[Place], arguments: tuple[Node, ...]) -> Sequence[Place]:
    if len(arguments) != 1:
        raise PatchError("where() takes one condition")
    return [place for place in places if finder.holds(arguments[0], place)]


def _extension(finder: Finder, places: Sequence[Place], arguments: tuple[Node, ...]) -> Sequence[Place]:
    match arguments:
        case (Literal(str(url)),):
            found = [p for place in places for p in finder.children(place, "extension")]
            return [p for p in found if isinstance(p.value, dict) and p.value.get("url") == url]
    raise PatchError("extension() takes one address")


def _typed(_: Finder, places: Sequence[Place], arguments: tuple[Node, ...]) -> Sequence[Place]:
    match arguments:
        case (Member(None, name),):
            return [place for place in places if shape_below(place).owner == name]
    raise PatchError("ofType() takes one type")


def _single(_: Finder, places: Sequence[Place], __: tuple[Node, ...]) -> Sequence[Place]:
    if len(places) > 1:
        raise PatchError("single() found several elements")
    return places


_CHOICES: Mapping[str, Choice] = {
    "where": _where,
    "extension": _extension,
    "ofType": _typed,
    "as": _typed,
    "single": _single,
    "first": lambda _, places, __: places[:1],
    "last": lambda _, places, __: places[-1:],
}
