"""From the definitions of a type to the check of its values."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeAlias

from profiles.checking import quick
from profiles.checking.full_url import full_url
from profiles.checking.objects import After, Shape, already_read, choices, list_of, object_of, required
from profiles.checking.primitives import CURRENCY, PRIMITIVES, bound_code
from profiles.checking.problem import Check, Problem, Problems
from profiles.checking.references import pointing_to
from profiles.checking.rules import RULES, Rule
from profiles.checking.rules.looking import Json, Presence, tokens
from profiles.definitions import Element, ElementType, codes, concepts, elements, invariants, kinds

Held: TypeAlias = Callable[[str], Check]
"""The check of the resources that an element holds, by the element's name."""

CURRENCIES = "http://hl7.org/fhir/ValueSet/currencies"
SIMPLE_QUANTITY = "SimpleQuantity"
PROFILED = {"sqty-1": "The comparator is not used on a SimpleQuantity"}
"""Invariants of profiles of data types, which the definitions leave out."""


@cache
def datatypes() -> dict[str, Shape]:
    """The shapes of all data types; made together because they contain one another."""
    names = [name for name, kind in kinds().items() if kind == "complex-type"] + ["Element", "BackboneElement"]
    shapes = {name: shapes_of(name) for name in names}
    roots = {name: own[""] for name, own in shapes.items()}
    for name, own in shapes.items():
        fill(name, own, roots, _holds_nothing)
    return roots


def _holds_nothing(name: str) -> Check:
    raise LookupError(f"no data type holds a resource, {name} neither")


@cache
def resource_shape(rtype: str, held: Held) -> Shape:
    """The shape of a resource type."""
    own = shapes_of(rtype)
    fill(rtype, own, datatypes(), held)
    own[""].fields["resourceType"] = already_read
    return own[""]


def shapes_of(type_name: str) -> dict[str, Shape]:
    """Path -> shape of the type itself (`""`) and of each of its elements that has elements of its own."""
    parents: dict[str, list[Element]] = {"": []}
    for element in elements(type_name):
        parents.setdefault(element.path.rpartition(".")[0], []).append(element)
    return {path: _empty_shape(f"{type_name}.{path}".rstrip("."), below) for path, below in parents.items()}


def _empty_shape(path: str, below: Iterable[Element]) -> Shape:
    """A shape with the checks of the whole object; its properties come later."""
    type_name = path.partition(".")[0]
    needed = [e for e in below if e.min]
    groups = {name: _stem(e) for e in below if _is_choice(e) for t in e.types for name in _names(e, t)}
    shape = Shape(path)
    if names := tuple(_name(e) for e in needed if not _is_choice(e)):
        shape.present.append(required(names))
    if groups:
        shape.present.append(choices(groups, frozenset(_stem(e) for e in needed if _is_choice(e))))
    if rules := RULES.get(path):
        present = tuple((key, rule) for key, rule in rules.items() if isinstance(rule, Presence))
        values = tuple((key, rule) for key, rule in rules.items() if not isinstance(rule, Presence))
        shape.present.extend([judged(type_name, path, present)] if present else [])
        shape.after.extend([judged(type_name, path, values)] if values else [])
    if path == "Bundle.entry":
        shape.after.append(full_url)
    return shape


def fill(type_name: str, own: dict[str, Shape], roots: dict[str, Shape], held: Held) -> None:
    """Put the checks of the properties into the shapes of a type."""
    element_check = object_of(roots["Element"], None)
    inner = {path: object_of(shape, element_check) for path, shape in own.items()}
    for element in elements(type_name):
        parent = own[element.path.rpartition(".")[0]]
        for kind in element.types or (ElementType("content"),):
            name = _stem(element) + kind.code[:1].upper() + kind.code[1:] if _is_choice(element) else _name(element)
            check = inner.get(element.content.partition(".")[2] if element.content else element.path)
            if check is None:
                check = _typed(type_name, element, kind, roots, held)
            many = element.max is None or element.max > 1
            parent.fields[name] = list_of(check, element.max) if many else check
            if kind.code in PRIMITIVES:
                parent.primitives[name] = many


def _typed(type_name: str, element: Element, kind: ElementType, roots: dict[str, Shape], held: Held) -> Check:
    """The check of one value of an element that has no elements of its own."""
    path = f"{type_name}.{element.path}"
    rules = tuple(RULES.get(path, {}).items())
    if kind.code in PRIMITIVES:
        plain = _primitive(element, kind.code)
        return _also(plain, judged(type_name, path, rules)) if rules and kind.code == "string" else plain
    if kind.code == "Resource":
        return held(_name(element))
    after = list(_narrowing(element, kind))
    if rules:
        after.append(judged(type_name, path, rules))
    full = narrowed(roots[kind.code], tuple(after), object_of(roots["Element"], None))
    if kind.code == "Reference" and not rules:
        return quick.reference(kind.targets, full)
    if kind.code == "CodeableConcept" and not after:
        return quick.concept(_coding(roots), full)
    return quick.coding(full) if kind.code == "Coding" else full


def _coding(roots: dict[str, Shape]) -> Check:
    """The check of a Coding wherever R4 says no more about it."""
    return quick.coding(object_of(roots["Coding"], object_of(roots["Element"], None)))


def _also(plain: Check, whole: Check) -> Check:
    """A primitive, judged by a rule when it is one."""
    return lambda value: plain(value) or whole(value)


def _primitive(element: Element, code: str) -> Check:
    if element.binding == CURRENCIES:
        return CURRENCY
    listed = codes(element.binding) if element.binding and code == "code" else None
    return bound_code(listed, element.binding) if listed else PRIMITIVES[code]


def _narrowing(element: Element, kind: ElementType) -> Iterable[After]:
    """What an element says about its data type."""
    if kind.code == "Reference":
        yield pointing_to(kind.targets)
    if kind.code == "CodeableConcept" and (listed := concepts(element.binding)):
        yield bound_concept(listed, element.binding)
    if SIMPLE_QUANTITY in kind.profiles:
        yield judged("Quantity", SIMPLE_QUANTITY, tuple(RULES[SIMPLE_QUANTITY].items()))


def narrowed(shape: Shape, after: tuple[After, ...], element_check: Check) -> Check:
    """A data type with further checks of the whole; its properties are the same table."""
    own = Shape(shape.name, shape.fields, shape.primitives, shape.present, [*shape.after, *after], shape.plans)
    return object_of(own, element_check)


def bound_concept(listed: frozenset[tuple[str, str]], valueset: str) -> After:
    """A CodeableConcept of which one coding is in a required value set."""
    text = f"must have a coding of {valueset}: " + " | ".join(sorted(code for _, code in listed))

    def check(value: Json) -> Problems:
        return [Problem("", "code-invalid", text)] if listed.isdisjoint(tokens(value)) else None

    return check


def judged(type_name: str, path: str, rules: tuple[tuple[str, Rule], ...]) -> After:
    """The invariants of a path."""
    if len(rules) == 1:
        key, only = rules[0]
        return lambda value: None if only(value) else [_told(type_name, path, key)]

    def check(value: Json) -> Problems:
        for _, holds in rules:
            if not holds(value):
                return [_told(type_name, path, key) for key, also in rules if not also(value)]
        return None

    return check


def _told(type_name: str, path: str, key: str) -> Problem:
    """A broken invariant in the words of the specification."""
    rules = [r for r in invariants(type_name) if r.key == key and f"{r.path}.".startswith(f"{path}.")]
    if not rules:
        return Problem("", "invariant", f"{key}: {PROFILED[key]}")
    rule = min(rules, key=lambda r: len(r.path))
    return Problem(rule.path[len(path) :], "invariant", f"{key}: {rule.human}", warning=rule.severity == "warning")


def _is_choice(element: Element) -> bool:
    return element.path.endswith("[x]")


def _name(element: Element) -> str:
    return element.path.rpartition(".")[2]


def _stem(element: Element) -> str:
    return _name(element).removesuffix("[x]")


def _names(element: Element, kind: ElementType) -> tuple[str, ...]:
    """The property of a choice, and the companion that may stand for it."""
    name = _stem(element) + kind.code[:1].upper() + kind.code[1:]
    return (name, f"_{name}") if kind.code in PRIMITIVES else (name,)
