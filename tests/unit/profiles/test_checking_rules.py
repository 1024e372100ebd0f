"""Every invariant of R4 is judged or is here with its reason, and is judged as its FHIRPath says."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from profiles.checking import rules
from profiles.checking.rules import RULES
from profiles.definitions import invariants, kinds

CASES = Path(__file__).parents[2] / "cases" / "r4"
ELSEWHERE = {
    "dom-2": "checking.resources",
    "dom-3": "checking.resources",
    "dom-4": "checking.resources",
    "dom-5": "checking.resources",
    "dom-6": "advice: a narrative is not demanded",
    "ele-1": "checking.objects",
    "ref-1": "checking.resources",
    "txt-1": "checking.xhtml",
    "txt-2": "checking.xhtml",
    "cid-0": "speaks of a name, which ChargeItemDefinition does not have",
    "eld-11": "its expression holds for every element that has a type",
}
AT_ANOTHER_PATH = {
    ("Element.extension", "ext-1"): "the rule of Extension",
    ("Extension.extension", "ext-1"): "the rule of Extension",
    ("StructureDefinition.snapshot", "sdf-8"): "judged on StructureDefinition, of which it speaks",
    ("StructureDefinition.differential", "sdf-8a"): "judged on StructureDefinition, of which it speaks",
    ("TestScript.test.action.operation", "tst-8"): "tst-7 of the same content",
    ("TestScript.teardown.action.operation", "tst-9"): "tst-7 of the same content",
    ("TestScript.test.action.assert", "tst-6"): "tst-5 of the same content",
    ("TestScript.test.action.assert", "tst-11"): "tst-10 of the same content",
    ("TestScript.test.action.assert", "tst-13"): "tst-12 of the same content",
}


def by_hand() -> set[tuple[str, str]]:
    return {(path, key) for path, found in RULES.items() for key in found}


@pytest.mark.parametrize("type_name", sorted(kinds()))
def test_invariant_is_judged_or_has_a_reason(type_name: str) -> None:
    told = by_hand() | AT_ANOTHER_PATH.keys()

    assert [r for r in invariants(type_name) if r.key not in ELSEWHERE and (r.path, r.key) not in told] == []


def test_rule_by_hand_is_one_of_the_specification() -> None:
    known = {(rule.path, rule.key) for name in kinds() for rule in invariants(name)}
    known |= {("StructureDefinition", "sdf-8"), ("StructureDefinition", "sdf-8a")}
    known.add(("SimpleQuantity", "sqty-1"))  # of a profile of Quantity

    assert by_hand() - known == set()


def test_expression_of_each_rule_is_cited_beside_it() -> None:
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(rules.__path__, rules.__name__ + ".")]
    source = "".join(re.sub(r"[\s#]", "", inspect.getsource(module)) for module in modules)
    judged = [r for name in kinds() for r in invariants(name) if (r.path, r.key) in by_hand()]

    assert [r.key for r in judged if re.sub(r"[\s#]", "", r.expression) not in source] == []
