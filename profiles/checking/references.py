"""References: their form, and whether they may point where they point.  https://hl7.org/fhir/R4/references.html"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from profiles.checking.problem import Problem, Problems, one
from profiles.definitions import resource_types

LITERAL = re.compile(
    r"(?:https?://[^\s?#]+/)?([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#[^\s]+)?"
)
CONDITIONAL = re.compile(r"([A-Za-z]+)\?\S+")
"""Inside a transaction: https://hl7.org/fhir/R4/http.html#trules"""
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
ANY = "Resource"
FORM = "must be Type/id, an absolute address, urn:uuid: or # and the id of a contained one"


def literal_type(reference: str) -> str | None:
    """The type that a reference names; None for urn:uuid:, an address without a type, or what is no reference."""
    match = LITERAL.fullmatch(reference) or CONDITIONAL.fullmatch(reference)
    if match is None or (match[1] not in resource_types() and ELSEWHERE.match(reference)):
        return None
    return match[1]


@cache
def may_be(targets: tuple[str, ...]) -> frozenset[str]:
    """The types that a reference with these targets may point to."""
    return resource_types() if not targets or ANY in targets else frozenset(targets)


def pointing_to(targets: tuple[str, ...]) -> Callable[[dict[str, Any]], Problems]:
    """The check of a Reference, its `reference` and `type`, against what its element may point to."""
    allowed = may_be(targets)
    plain_id = ID.fullmatch

    def check(value: dict[str, Any]) -> Problems:
        reference = value.get("reference")
        if type(reference) is not str:
            return _typed(value, None, targets) if "type" in value else None
        rtype, _, rid = reference.partition("/")
        if rtype not in allowed or not plain_id(rid):
            return _points_well(value, reference, targets)
        return _typed(value, rtype, targets) if "type" in value else None

    return check


def _points_well(value: dict[str, Any], reference: str, targets: tuple[str, ...]) -> Problems:
    """A reference that is not just `Type/id` of an allowed type."""
    if reference.startswith("#"):
        return [Problem(".reference", "reference-target", _allowed(targets), local=reference[1:], targets=targets)]
    if not reference or reference.isspace():
        return None  # the string check told it
    found = literal_type(reference)
    if found is None and not ELSEWHERE.fullmatch(reference):
        return one("value", FORM, ".reference")
    if found is None or found in may_be(targets):
        return _typed(value, found, targets) if "type" in value else None
    return one("reference-target", _allowed(targets), ".reference")


def _typed(value: dict[str, Any], literal: str | None, targets: tuple[str, ...]) -> Problems:
    """`type` says the same as the reference and the element.  https://hl7.org/fhir/R4/references.html#Reference"""
    said = value.get("type")
    name = said.removeprefix("http://hl7.org/fhir/StructureDefinition/") if type(said) is str else None
    if name is None or "/" in name or (name == literal) or (literal is None and name in may_be(targets)):
        return None
    if literal is not None:
        return one("reference-target", "the type must be that of the reference", ".type")
    return one("reference-target", _allowed(targets), ".type")


def _allowed(targets: tuple[str, ...]) -> str:
    names = sorted(may_be(targets))
    return "must point to " + (" | ".join(names) if len(names) <= 20 else "a resource type of FHIR R4")


def points_to(rtype: str, targets: tuple[str, ...]) -> bool:
    """Whether a reference with these targets may point to a resource of a type."""
    return rtype in may_be(targets)
