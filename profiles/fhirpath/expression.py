"""An expression as something that can be asked of a value again and again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from profiles.fhirpath import nodes
from profiles.fhirpath.functions import FUNCTIONS
from profiles.fhirpath.nodes import Node, is_a
from profiles.fhirpath.operators import OPERATORS, negative, told
from profiles.fhirpath.scope import Allowance, Nodes, Run, Scope, boolean, string, truth
from profiles.fhirpath.syntax import Term, Unsupported, parse

CONSTANTS: Final = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """`text` as it was written, `run` as it is evaluated."""

    text: str
    run: Run

    def values(
        self, start: Node, root: Node, outermost: Node | None = None, allowance: Allowance | None = None
    ) -> Nodes:
        """What it gives for a value inside a resource. Raises Unsupported when it cannot be told."""
        try:
            return self.run(Scope(root, start, outermost or root, allowance or Allowance()), [start], [start])
        except RecursionError as failure:
            raise Unsupported("too many levels") from failure

    def holds(self, start: Node, root: Node, outermost: Node | None = None, allowance: Allowance | None = None) -> bool:
        """Whether an invariant holds. Nothing is not true. Raises Unsupported when it cannot be told."""
        return truth(self.values(start, root, outermost, allowance)) is True


@lru_cache(maxsize=2048)
def compile_expression(text: str) -> Expression:
    """The expression of a text; raises Unsupported, which says what about it is not done."""
    try:
        return Expression(text, _compiled(parse(text)))
    except RecursionError as failure:
        raise Unsupported("too many levels") from failure


def _compiled(term: Term) -> Run:
    return _KINDS[term.kind](term)


def _literal(term: Term) -> Run:
    value = term.word
    found = [] if value is None else [Node(value, "boolean" if type(value) is bool else "string")]
    return lambda scope, focus, this: found


def _number(term: Term) -> Run:
    text, _ = term.word
    found = [Node(Decimal(text), "decimal") if "." in text else Node(int(text), "integer")]
    return lambda scope, focus, this: found


def _quantity(term: Term) -> Run:
    text, unit = term.word
    found = [Node({"value": Decimal(text), "system": CONSTANTS["ucum"], "code": unit}, "Quantity")]
    return lambda scope, focus, this: found


def _moment(term: Term) -> Run:
    kind = "time" if term.word.startswith("T") else "dateTime" if "T" in term.word else "date"
    found = [Node(term.word.removeprefix("T") if kind == "time" else term.word.removesuffix("T"), kind)]
    return lambda scope, focus, this: found


def _variable(term: Term) -> Run:
    name = term.word
    if name in CONSTANTS:
        return lambda scope, focus, this: string(CONSTANTS[name])
    places: Mapping[str, Callable[[Scope], Node]] = {
        "resource": lambda scope: scope.root,
        "rootResource": lambda scope: scope.outermost,
        "context": lambda scope: scope.start,
    }
    if name not in places:
        raise Unsupported(f"%{name}")
    place = places[name]
    return lambda scope, focus, this: [place(scope)]


def _this(term: Term) -> Run:
    return lambda scope, focus, this: this


def _special(term: Term) -> Run:
    raise Unsupported(str(term.word))


def _member(term: Term) -> Run:
    name = term.word

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        found = [below for node in focus for below in nodes.child(node, name)]
        scope.spend(len(focus) + len(found))
        return found

    if not name[:1].isupper():
        return run
    # `Patient.name` of a patient: the type itself may begin a path
    return lambda scope, focus, this: [n for n in focus if not n.path and is_a(n, name)] or run(scope, focus, this)


def _dot(term: Term) -> Run:
    first, then = map(_compiled, term.parts)
    return lambda scope, focus, this: then(scope, first(scope, focus, this), this)


def _index(term: Term) -> Run:
    found, place = map(_compiled, term.parts)

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        index = place(scope, focus, this)
        number = index[0].value if len(index) == 1 else None
        return found(scope, focus, this)[number : number + 1] if type(number) is int and number >= 0 else []

    return run


def _sign(term: Term) -> Run:
    inner = _compiled(term.parts[0])
    return inner if term.word == "+" else lambda scope, focus, this: negative(inner(scope, focus, this))


def _binary(term: Term) -> Run:
    left = _compiled(term.parts[0])
    if term.word in ("is", "as"):
        return _typed(left, term.word, term.parts[1].word)
    right, operator, settled = _compiled(term.parts[1]), OPERATORS[term.word], _SETTLED.get(term.word)

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        scope.spend(1)
        found = left(scope, focus, this)
        if settled is not None and truth(found) is settled:
            return boolean(term.word != "and")
        return operator(found, right(scope, focus, this))

    return run


_SETTLED: Final = {"and": False, "or": True, "implies": False}
"""With this on the left the right side changes nothing: it is not asked."""


def _typed(left: Run, operator: str, name: str) -> Run:
    if operator == "as":
        return lambda scope, focus, this: [n for n in left(scope, focus, this) if is_a(n, name)]

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        found = left(scope, focus, this)
        return boolean(is_a(found[0], name)) if len(found) == 1 else []

    return run


def _call(term: Term) -> Run:
    name, parts = term.word, term.parts
    if name in _WITH_CRITERIA:
        least, most, make = _WITH_CRITERIA[name]
        if not least <= len(parts) <= most:
            raise Unsupported(f"{name}() with {len(parts)} arguments")
        return make(parts)
    if name not in FUNCTIONS or len(parts) not in FUNCTIONS[name][0]:
        raise Unsupported(f"{name}() with {len(parts)} arguments" if name in FUNCTIONS else f"{name}()")
    arguments, function = tuple(map(_compiled, parts)), FUNCTIONS[name][1]

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        scope.spend(len(focus))
        return function(scope, focus, tuple(argument(scope, this, this) for argument in arguments))

    return run


def _each(scope: Scope, focus: Nodes, criteria: Run) -> list[tuple[Node, Nodes]]:
    scope.spend(len(focus))
    return [(node, criteria(scope, [node], [node])) for node in focus]


def _where(parts: tuple[Term, ...]) -> Run:
    criteria = _compiled(parts[0])
    return lambda scope, focus, this: [n for n, found in _each(scope, focus, criteria) if truth(found)]


def _exists(parts: tuple[Term, ...]) -> Run:
    if not parts:
        return lambda scope, focus, this: boolean(bool(focus))
    where = _where(parts)
    return lambda scope, focus, this: boolean(bool(where(scope, focus, this)))


def _all(parts: tuple[Term, ...]) -> Run:
    criteria = _compiled(parts[0])
    return lambda scope, focus, this: boolean(all(truth(found) for _, found in _each(scope, focus, criteria)))


def _select(parts: tuple[Term, ...]) -> Run:
    criteria = _compiled(parts[0])
    return lambda scope, focus, this: [n for _, found in _each(scope, focus, criteria) for n in found]


def _repeat(parts: tuple[Term, ...]) -> Run:
    criteria = _compiled(parts[0])

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        result: Nodes = []
        level = focus
        while level:
            level = [n for _, found in _each(scope, level, criteria) for n in found]
            result += level
        return result

    return run


def _iif(parts: tuple[Term, ...]) -> Run:
    condition, *branches = map(_compiled, parts)

    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        # branches are asked only when they are chosen
        if truth(condition(scope, focus, focus or this)):
            return branches[0](scope, focus, focus or this)
        return branches[1](scope, focus, focus or this) if len(branches) > 1 else []

    return run


def _not(parts: tuple[Term, ...]) -> Run:
    def run(scope: Scope, focus: Nodes, this: Nodes) -> Nodes:
        found = truth(focus)
        return told(None if found is None else not found)

    return run


def _of_type(parts: tuple[Term, ...]) -> Run:
    return lambda scope, focus, this: [n for n in focus if is_a(n, parts[0].word)]


def _is(parts: tuple[Term, ...]) -> Run:
    return _typed(lambda scope, focus, this: focus, "is", parts[0].word)


def _trace(parts: tuple[Term, ...]) -> Run:
    return lambda scope, focus, this: focus


_WITH_CRITERIA: Mapping[str, tuple[int, int, Callable[[tuple[Term, ...]], Run]]] = {
    "all": (1, 1, _all),
    "as": (1, 1, _of_type),
    "exists": (0, 1, _exists),
    "iif": (2, 3, _iif),
    "is": (1, 1, _is),
    "not": (0, 0, _not),
    "ofType": (1, 1, _of_type),
    "repeat": (1, 1, _repeat),
    "select": (1, 1, _select),
    "trace": (1, 2, _trace),
    "where": (1, 1, _where),
}
"""Functions whose argument is asked of each value, or is a type: fewest and most arguments, and how it is made."""

_KINDS: Mapping[str, Callable[[Term], Run]] = {
    "binary": _binary,
    "call": _call,
    "dot": _dot,
    "index": _index,
    "literal": _literal,
    "member": _member,
    "moment": _moment,
    "number": _number,
    "quantity": _quantity,
    "sign": _sign,
    "special": _special,
    "this": _this,
    "variable": _variable,
}
