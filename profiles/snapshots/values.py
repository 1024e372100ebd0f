"""What a row says of one value: fixed and pattern, length and bounds, binding, type.

https://hl7.org/fhir/R4/elementdefinition.html#interpretation
"""

from collections.abc import Iterator
from typing import Any

from profiles.checking.problem import Problem
from profiles.checking.references import literal_type
from profiles.fhirpath import Node
from profiles.fhirpath.comparing import compared
from profiles.snapshots.judging import Around, Judge, same, within
from profiles.snapshots.rows import Row
from profiles.snapshots.value_sets import Codes

SYSTEM_TYPES = "http://hl7.org/fhirpath/"


def of_value(row: Row, told_by: str) -> Iterator[Judge]:
    """The checks that need nothing but the row."""
    if (fixed := row.choice("fixed")) is not None:
        yield _judge(lambda node: same(fixed, node.value), "value", f"must be the fixed value of {told_by}")
    if (pattern := row.choice("pattern")) is not None:
        yield _judge(lambda node: within(pattern, node.value), "value", f"must have what the pattern of {told_by} has")
    longest = row.definition.get("maxLength")
    if type(longest) is int:
        text = f"must not be longer than {longest} characters ({told_by})"
        yield _judge(lambda node: type(node.value) is not str or len(node.value) <= longest, "value", text)
    yield from _bounds(row, told_by)


def _judge(holds: Any, code: str, text: str) -> Judge:
    return lambda node, around: [] if holds(node) else [Problem("", code, text)]


def _bounds(row: Row, told_by: str) -> Iterator[Judge]:
    for stem, wrong, text in (("minValue", -1, "must not be less than"), ("maxValue", 1, "must not be more than")):
        bound = row.choice(stem)
        if bound is not None:
            yield _judge(_not(wrong, bound), "value", f"{text} {_shown(bound)} ({told_by})")


def _not(wrong: int, bound: Any) -> Any:
    return lambda node: compared([node], [Node(bound, node.type)]) != wrong


def _shown(bound: Any) -> str:
    return str(bound.get("value")) if type(bound) is dict else str(bound)


def of_types(row: Row, told_by: str) -> Iterator[Judge]:
    """Of several types that a base allows, those that a profile leaves."""
    codes = {str(t.get("code")) for t in row.dicts("type")}
    named = {code for code in codes if not code.startswith(SYSTEM_TYPES)}
    if not named or len(named) < len(codes) or named & {"Resource", "DomainResource", "BackboneElement", "Element"}:
        return
    text = f"must be {' | '.join(sorted(named))} ({told_by})"
    yield _judge(lambda node: not node.type or bool(node.path) or node.type in named, "structure", text)


def pointing_to(types: frozenset[str], told_by: str) -> Judge:
    """A Reference to a resource of one of these types, contained ones included."""
    text = f"must point to {' | '.join(sorted(types))} ({told_by})"

    def judge(node: Node, around: Around) -> list[Problem]:
        found = target_type(node.value, around)
        return [Problem(".reference", "reference-target", text)] if found and found not in types else []

    return judge


def target_type(reference: Any, around: Around) -> str | None:
    """The type of the resource that a Reference points to, if it says."""
    told = reference.get("reference") if type(reference) is dict else reference
    if type(told) is not str:
        said = reference.get("type") if type(reference) is dict else None
        return said if type(said) is str else None
    if not told.startswith("#"):
        return literal_type(told)
    held = around.outermost.value.get("contained")
    inside = [r for r in held if type(r) is dict and r.get("id") == told[1:]] if type(held) is list else []
    found = inside[0].get("resourceType") if inside else None
    return found if type(found) is str else None


def bound(codes: Codes, strength: str, valueset: str) -> Judge:
    """A code, Coding, CodeableConcept or Quantity with a code of a value set; `extensible` warns only.

    https://hl7.org/fhir/R4/terminologies.html#strength
    """
    plain = frozenset(code for _, code in codes)
    verb, warns = ("must", False) if strength == "required" else ("should", True)
    problem = Problem("", "code-invalid", f"{verb} have a code of {valueset}", warning=warns)

    def judge(node: Node, around: Around) -> list[Problem]:
        told = list(_tokens(node.value))
        if node.value is None or any((token in codes) if token[0] is not None else token[1] in plain for token in told):
            return []
        return [problem]

    return judge


def coded(codes: Codes, value: Any) -> bool:
    """Whether a value has a code of a set."""
    plain = frozenset(code for _, code in codes)
    return any((token in codes) if token[0] is not None else token[1] in plain for token in _tokens(value))


def _tokens(value: Any) -> Iterator[tuple[Any, Any]]:
    """(system, code) of a value; no system for a plain code."""
    if type(value) is str:
        yield None, value
    elif type(value) is dict:
        codings = value.get("coding")
        for coding in codings if type(codings) is list else [value]:
            if type(coding) is dict and type(coding.get("code")) is str:
                yield str(coding.get("system", "")), coding["code"]
