"""Compiles a search parameter's expression to closures over plain dicts, knowing the type of what they yield.

https://hl7.org/fhir/R4/search.html#SearchParameter  The definitions tell the type of every step, so that choice
elements become their JSON names (`scheduledPeriod`) once, here, and an extraction looks nothing up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

from fhir_service.search.path_syntax import Binary, Call, Index, Literal, Member, Node, UnsupportedExpressionError, read
from fhir_service.search.references import points_to
from profiles.definitions import Element, ElementType, elements, kinds

Values: TypeAlias = Sequence[Any]
Step: TypeAlias = Callable[[Values], Values]
Predicate: TypeAlias = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a resource to values of one type.

    `first`: the JSON name of the first step, without which there is nothing to find; empty if that does not hold.
    `owner`, `path`: where the definitions list the children of what is reached. `many`: whether it may yield more than
    one value. `binding`, `targets`: those of the element reached. `only`: types that `resolve() is` left over.
    """

    type: str
    owner: str
    path: str = ""
    first: str = ""
    steps: tuple[Step, ...] = ()
    many: bool = False
    binding: str = ""
    targets: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def getter(self) -> Callable[[Any], Values]:
        """From a resource to its values, never more than are there."""
        first, steps = self.first, self.steps

        def get(node: Any) -> Values:
            if first and (type(node) is not dict or first not in node):
                return ()
            nodes: Values = (node,)
            for step in steps:
                nodes = step(nodes)
                if not nodes:
                    break
            return nodes

        return get


def compile_path(rtype: str, expression: str) -> tuple[Branch, ...]:
    """The branches of an expression for a resource type. Raises UnsupportedExpressionError."""
    return _branches(read(expression), (Branch(rtype, rtype),), {rtype, "Resource", "DomainResource"})


def compile_below(branch: Branch, expression: str) -> tuple[Branch, ...]:
    """The branches of an expression for one value that `branch` yields. Raises UnsupportedExpressionError."""
    return _branches(read(expression), (replace(branch, first="", steps=(), many=False),))


def children(branch: Branch, name: str) -> tuple[Branch, ...]:
    """The branches of an element below what `branch` yields."""
    return tuple(_child(branch, name))


def _branches(node: Node, context: tuple[Branch, ...], heads: set[str] | None = None) -> tuple[Branch, ...]:
    """What `node` yields for a context; `heads`: type names that stand for the context itself."""
    match node:
        case Member(None, name) if heads and name in heads:
            return context
        case Member(of, name):
            return _found(name, _children(context if of is None else _branches(of, context, heads), name))
        case Index(of, position):
            return tuple(_then(b, _nth(position), many=False) for b in _branches(of, context, heads))
        case Binary("|", left, right):
            return _branches(left, context, heads) + _branches(right, context, heads)
        case Binary("as", left, Member(None, name)):
            return _of_type(_branches(left, context, heads), name)
        case Call(of, name, arguments) if name in _FUNCTIONS:
            return _FUNCTIONS[name](context if of is None else _branches(of, context, heads), arguments)
        case _:
            return tuple(_boolean(branch, _truth(node, branch, heads)) for branch in context)


def _found(name: str, branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    if not branches:
        raise UnsupportedExpressionError(f"no element {name}")
    return branches


def _children(branches: tuple[Branch, ...], name: str) -> tuple[Branch, ...]:
    return tuple(child for branch in branches for child in _child(branch, name))


def _child(branch: Branch, name: str) -> Iterator[Branch]:
    table = _table(branch.owner)
    path = f"{branch.path}.{name}" if branch.path else name
    if plain := table.get(path):
        if plain.content:
            owner, _, inner = plain.content.partition(".")
            yield _down(branch, name, plain, replace(branch, type="BackboneElement", owner=owner, path=inner))
        for kind in plain.types:
            yield _down(branch, name, plain, _place(branch, path, kind))
    elif choice := table.get(path + "[x]"):
        for kind in choice.types:
            yield _down(branch, name + kind.code[0].upper() + kind.code[1:], choice, _place(branch, path, kind))


@cache
def _table(owner: str) -> dict[str, Element]:
    return {element.path: element for element in elements(owner)}


def _place(branch: Branch, path: str, kind: ElementType) -> Branch:
    """Where the children of an element of that type are listed: below it, or under the datatype."""
    nested = kinds().get(kind.code) == "abstract"
    owner, inner = (branch.owner, path) if nested else (kind.code, "")
    return replace(branch, type=kind.code, owner=owner, path=inner, targets=kind.targets)


def _down(branch: Branch, key: str, element: Element, place: Branch) -> Branch:
    return replace(
        place,
        first=branch.first or ("" if branch.steps else key),
        steps=(*branch.steps, Field(key)),
        many=branch.many or element.max != 1,
        binding=element.binding,
        only=(),
    )


@dataclass(frozen=True, slots=True)
class Field:
    """The step into an element."""

    key: str

    def __call__(self, nodes: Values) -> Values:
        key = self.key
        if len(nodes) == 1:
            node = nodes[0]
            value = node.get(key) if type(node) is dict else None
            if value is None:
                return ()
            return value if type(value) is list else (value,)
        found: list[Any] = []
        for node in nodes:
            value = node.get(key) if type(node) is dict else None
            if type(value) is list:
                found.extend(value)
            elif value is not None:
                found.append(value)
        return found


def _then(branch: Branch, step: Step, **changes: Any) -> Branch:
    return replace(branch, steps=(*branch.steps, step), **changes)


def _nth(position: int) -> Step:
    return lambda nodes: nodes[position : position + 1]


def _of_type(branches: tuple[Branch, ...], name: str) -> tuple[Branch, ...]:
    return tuple(branch for branch in branches if branch.type == name)


def _boolean(branch: Branch, holds: Predicate) -> Branch:
    return _then(
        branch, lambda nodes: [holds(node) for node in nodes], type="boolean", owner="boolean", path="", first=""
    )


def _type_argument(arguments: tuple[Node, ...]) -> str:
    match arguments:
        case (Member(None, name),):
            return name
    raise UnsupportedExpressionError("a type name is expected")


def _cast(branches: tuple[Branch, ...], arguments: tuple[Node, ...]) -> tuple[Branch, ...]:
    return _of_type(branches, _type_argument(arguments))


def _where(branches: tuple[Branch, ...], arguments: tuple[Node, ...]) -> tuple[Branch, ...]:
    match arguments:
        case (Binary("is", Call(None, "resolve", ()), Member(None, name)),):
            found = _of_type(branches, "Reference")
            return tuple(_filtered(b, points_to(name, about_one=not b.many), only=(name,)) for b in found)
        case (criterion,):
            return tuple(_filtered(b, _truth(criterion, replace(b, first="", steps=()), None)) for b in branches)
    raise UnsupportedExpressionError("where() takes one criterion")


def _filtered(branch: Branch, holds: Predicate, **changes: Any) -> Branch:
    return _then(branch, lambda nodes: [node for node in nodes if holds(node)], **changes)


def _extension(branches: tuple[Branch, ...], arguments: tuple[Node, ...]) -> tuple[Branch, ...]:
    match arguments:
        case (Literal(str(url)),):
            found = _found("extension", _children(branches, "extension"))
            return tuple(_filtered(b, lambda e: type(e) is dict and e.get("url") == url) for b in found)
    raise UnsupportedExpressionError("extension() takes one address")


_FUNCTIONS: dict[str, Callable[[tuple[Branch, ...], tuple[Node, ...]], tuple[Branch, ...]]] = {
    "as": _cast,
    "ofType": _cast,
    "where": _where,
    "extension": _extension,
}


def _truth(node: Node, context: Branch, heads: set[str] | None) -> Predicate:
    """Whether `node` holds for one value of the context."""
    match node:
        case Binary("and", left, right):
            first, second = _truth(left, context, heads), _truth(right, context, heads)
            return lambda value: first(value) and second(value)
        case Binary("or", left, right):
            first, second = _truth(left, context, heads), _truth(right, context, heads)
            return lambda value: first(value) or second(value)
        case Binary("=" | "!=" as operator, left, Literal(literal)):
            return _compared(_values(left, context, heads), operator == "=", literal)
        case Call(of, "exists" | "empty" as name, ()) if of is not None:
            values, wanted = _values(of, context, heads), name == "exists"
            return lambda value: bool(values(value)) is wanted
    raise UnsupportedExpressionError(type(node).__name__)


def _compared(values: Callable[[Any], Values], equal: bool, literal: str | bool | int) -> Predicate:
    def holds(value: Any) -> bool:
        found = values(value)
        return len(found) == 1 and (found[0] == literal) is equal

    return holds


def _values(node: Node, context: Branch, heads: set[str] | None) -> Callable[[Any], Values]:
    """All values of `node` for one value of the context."""
    getters = [branch.getter() for branch in _branches(node, (replace(context, first="", steps=()),), heads)]
    if len(getters) == 1:
        return getters[0]
    return lambda value: [found for get in getters for found in get(value)]
