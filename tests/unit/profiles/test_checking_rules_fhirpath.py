"""Each invariant by hand gives the verdict of its FHIRPath, as fhirpathpy evaluates it, where kept and where broken."""

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from profiles.checking.rules import RULES
from profiles.checking.rules.naming import NAMING
from profiles.definitions import Element, elements, invariants, kinds

CASES = Path(__file__).parents[2] / "cases" / "r4" / "verdicts.json"
PARTIAL = "the engine looks for a part that matches"
NOT_COMPARED = {
    "age-1": "the engine has no hasValue()",
    "app-4": "begins with its type, which the engine takes for an element",
    "bdl-10": "the engine has no hasValue()",
    "cnt-3": "the engine has no hasValue()",
    "per-1": "the engine has no hasValue()",
    "bdl-8": "empty without fullUrl, which bdl-8 does not demand",
    "con-3": "compares a CodeableConcept with a string: never true in 4.0.1",
    "ctm-1": "the engine has no resolve()",
    "que-7": "the engine does not know the type of a boolean",
    "ras-2": "empty without a probability, which ras-2 does not demand",
    "rng-2": "the engine does not compare quantities",
    **dict.fromkeys(("ppc-2", "ppc-3", "ppc-4", "ppc-5"), "4.0.1 says system='something': never true"),
    **dict.fromkeys((key for rules in NAMING.values() for key in rules), PARTIAL),
    "eld-19": PARTIAL,
    "eld-20": PARTIAL,
}
Node = tuple[str, Any, Any]
"""The path that a rule names, the value there, the resource around."""


def nodes(value: Any, type_name: str, root: Any, path: str = "") -> Iterator[Node]:
    if not isinstance(value, dict):
        return
    yield f"{type_name}.{path}".rstrip("."), value, root
    for element in below(type_name).get(path, ()):
        for name, kind in properties(element):
            found = value.get(name)
            for one in found if isinstance(found, list) else [] if found is None else [found]:
                yield from inner(one, type_name, element, kind, root)


def inner(value: Any, type_name: str, element: Element, kind: str, root: Any) -> Iterator[Node]:
    full = f"{type_name}.{element.path}"
    content = element.content.partition(".")[2]
    if content or element.path in below(type_name):
        yield from nodes(value, type_name, root, content or element.path)
    elif kind in ("Resource", "DomainResource") and isinstance(value, dict) and value.get("resourceType") in kinds():
        yield from nodes(value, value["resourceType"], root)
    else:
        if full in RULES and not isinstance(value, int | Decimal):
            yield full, value, root
        yield from nodes(value, kind, root)


@cache
def below(type_name: str) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for element in elements(type_name):
        found.setdefault(element.path.rpartition(".")[0], []).append(element)
    return found


def properties(element: Element) -> list[tuple[str, str]]:
    name = element.path.rpartition(".")[2]
    if name.endswith("[x]"):
        return [(name[:-3] + t.code[0].upper() + t.code[1:], t.code) for t in element.types]
    return [(name, element.types[0].code if element.types else "content")]


@cache
def met() -> dict[str, list[tuple[Any, Any]]]:
    found: dict[str, list[tuple[Any, Any]]] = {}
    for resource in [*(case["resource"] for case in read_cases()), *read_examples()]:
        if isinstance(resource, dict) and resource.get("resourceType") in kinds():
            for path, value, root in nodes(resource, resource["resourceType"], resource):
                found.setdefault(path, []).append((value, root))
    return found


def read_cases() -> list[dict[str, Any]]:
    return json.loads(CASES.read_text(encoding="utf-8"), parse_float=Decimal)


def read_examples() -> list[Any]:
    """HL7's own, those of a size that the engine gets through in time."""
    lines = gzip.decompress(CASES.with_name("examples.jsonl.gz").read_bytes()).splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines if len(line) < 5000]


def agrees(path: str, key: str, expression: str, *, ours: bool) -> bool:
    """Whether the engine says the same of every value that we say this of, and there is one."""
    values = [(value, root) for value, root in met().get(path, ()) if RULES[path][key](value) is ours]
    base = {"base": path.replace("[x]", ""), "expression": expression}
    told = [
        fhirpathpy.evaluate(value, base, {"resource": root, "context": value}, models["r4"])
        for value, root in values[:40]
    ]
    return bool(told) and all((one == [True]) is ours for one in told)


def judged() -> list[Any]:
    return [
        pytest.param(r.path, r.key, r.expression, id=f"{r.path} {r.key}")
        for name in kinds()
        for r in invariants(name)
        if r.key in RULES.get(r.path, {})
    ]


@pytest.mark.parametrize(("path", "key", "expression"), judged())
def test_rule_agrees_with_its_fhirpath(path: str, key: str, expression: str) -> None:
    kept, broken = (key in NOT_COMPARED or agrees(path, key, expression, ours=ours) for ours in (True, False))

    assert (kept, broken) == (True, True)
