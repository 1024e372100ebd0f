"""Invariants of ElementDefinition.  https://hl7.org/fhir/R4/elementdefinition.html#invs"""

import re
from collections.abc import Mapping
from typing import Any

from profiles.checking.rules.looking import (
    Json,
    Rule,
    distinct,
    either,
    has,
    has_choice,
    items,
    needs,
    only_when,
    text,
)

_WORD = r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}"
_PATH = re.compile(rf"{_WORD}(\.{_WORD}(\[x\])?(:[^\s.]+)?)*")
_PLAIN_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*(\[x])?)*")
_SLICE_NAME = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_NOT_BESIDE_CONTENT = ("type", "maxLength", "binding", "example")
_NOT_BESIDE_CONTENT_IN_ANY_TYPE = ("defaultValue", "fixed", "pattern", "minValue", "maxValue")


def _ordered(value: Json) -> bool:
    least, most = value.get("min"), text(value, "max")
    return type(least) is not int or not _is_number(most) or least <= int(most)


def _is_number(most: str) -> bool:
    return most.isascii() and most.isdigit() and len(most) < 10


def _content_alone(value: Json) -> bool:
    if not has(value, "contentReference"):
        return True
    beside = any(has(value, name) for name in _NOT_BESIDE_CONTENT)
    return not beside and not any(has_choice(value, name) for name in _NOT_BESIDE_CONTENT_IN_ANY_TYPE)


def _of_one_type(name: str) -> Rule:
    return lambda value: not has_choice(value, name) or len(items(value, "type")) < 2


def _address(value: Json) -> bool:
    return not has(value, "valueSet") or text(value, "valueSet").startswith(("http:", "https", "urn:"))


def _most(value: Any) -> bool:
    return type(value) is str and (value == "*" or _is_number(value))


ELEMENT_DEFINITIONS: Mapping[str, Mapping[str, Rule]] = {
    "ElementDefinition": {
        # eld-2: min.empty() or max.empty() or (max = '*') or iif(max != '*', min <= max.toInteger())
        "eld-2": _ordered,
        # eld-5: contentReference.empty() or (type.empty() and defaultValue.empty() and fixed.empty() and
        #   pattern.empty() and example.empty() and minValue.empty() and maxValue.empty() and maxLength.empty() and
        #   binding.empty())
        "eld-5": _content_alone,
        # eld-6: fixed.empty() or (type.count() <= 1)
        "eld-6": _of_one_type("fixed"),
        # eld-7: pattern.empty() or (type.count() <= 1)
        "eld-7": _of_one_type("pattern"),
        # eld-8: pattern.empty() or fixed.empty()
        "eld-8": lambda value: not (has_choice(value, "pattern") and has_choice(value, "fixed")),
        # eld-13: type.select(code).isDistinct()
        "eld-13": lambda value: distinct(items(value, "type", "code")),
        # eld-14: constraint.select(key).isDistinct()
        "eld-14": lambda value: distinct(items(value, "constraint", "key")),
        # eld-15: defaultValue.empty() or meaningWhenMissing.empty()
        "eld-15": lambda value: not (has_choice(value, "defaultValue") and has(value, "meaningWhenMissing")),
        # eld-16: sliceName.empty() or sliceName.matches('^[a-zA-Z0-9\\/\\-_\\[\\]\\@]+$')
        "eld-16": lambda value: "sliceName" not in value or _SLICE_NAME.fullmatch(text(value, "sliceName")) is not None,
        # eld-18: (isModifier.exists() and isModifier) implies isModifierReason.exists()
        "eld-18": lambda value: value.get("isModifier") is not True or has(value, "isModifierReason"),
        # eld-19:path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:
        #   ;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')
        "eld-19": lambda value: _PATH.fullmatch(text(value, "path")) is not None,
        # eld-20: path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')
        "eld-20": lambda value: _PLAIN_PATH.fullmatch(text(value, "path")) is not None,
        # eld-22: sliceIsConstraining.exists() implies sliceName.exists()
        "eld-22": needs("sliceIsConstraining", "sliceName"),
    },
    # eld-12: valueSet.exists() implies (valueSet.startsWith('http:') or valueSet.startsWith('https') or
    #   valueSet.startsWith('urn:'))
    "ElementDefinition.binding": {"eld-12": _address},
    # eld-21: expression.exists()
    "ElementDefinition.constraint": {"eld-21": lambda value: has(value, "expression")},
    # eld-3: empty() or ($this = '*') or (toInteger() >= 0)
    "ElementDefinition.max": {"eld-3": _most},
    # eld-1: discriminator.exists() or description.exists()
    "ElementDefinition.slicing": {"eld-1": either("discriminator", "description")},
    "ElementDefinition.type": {
        # eld-4: aggregation.empty() or (code = 'Reference') or (code = 'canonical')
        "eld-4": only_when("aggregation", "code", "Reference", "canonical"),
        # eld-17: (code='Reference' or code = 'canonical') or targetProfile.empty()
        "eld-17": only_when("targetProfile", "code", "Reference", "canonical"),
    },
}
