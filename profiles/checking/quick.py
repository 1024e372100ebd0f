"""The commonest small objects, recognised at a glance; whatever is not plainly in order gets the full check.

A resource holds more references and codings than all else together, nearly all of the same few properties.
"""

from typing import Any

from profiles.checking.primitives import LONGEST
from profiles.checking.problem import Check, Problems, enough, joined
from profiles.checking.references import ID, may_be


def reference(targets: tuple[str, ...], full: Check) -> Check:
    """A Reference that is `Type/id` of an allowed type, with or without display."""
    allowed, plain_id = may_be(targets), ID.fullmatch

    def check(value: Any) -> Problems:
        if type(value) is not dict:
            return full(value)
        told = value.get("reference")
        if type(told) is not str or not (len(value) == 1 or (len(value) == 2 and _plain(value.get("display")))):
            return full(value)
        rtype, _, rid = told.partition("/")
        return None if rtype in allowed and plain_id(rid) else full(value)

    return check


def coding(full: Check) -> Check:
    """A Coding of system and code, with or without display."""

    def check(value: Any) -> Problems:
        if type(value) is not dict:
            return full(value)
        system, code = value.get("system"), value.get("code")
        if type(system) is not str or type(code) is not str:
            return full(value)
        if not (len(value) == 2 or (len(value) == 3 and _plain(value.get("display")))):
            return full(value)
        both = system + code
        return None if system and code and both.isprintable() and " " not in both else full(value)

    return check


def concept(one: Check, full: Check) -> Check:
    """A CodeableConcept of codings, with or without text; `one`: the check of a Coding."""

    def check(value: Any) -> Problems:
        codings = value.get("coding") if type(value) is dict else None
        if type(codings) is not list or not codings:
            return full(value)
        if not (len(value) == 1 or (len(value) == 2 and _plain(value.get("text")))):
            return full(value)
        problems: Problems = None
        for index, item in enumerate(codings):
            if found := one(item):  # told here: a second look at each level would double the time of the one above
                problems = joined(problems, f".coding[{index}]", found)
                if enough(problems):
                    break
        return problems

    return check


def _plain(text: object) -> bool:
    return type(text) is str and text.isprintable() and text != "" and text[0] != " " and len(text) <= LONGEST
