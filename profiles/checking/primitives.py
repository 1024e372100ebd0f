"""The primitive types as checks of JSON values.  https://hl7.org/fhir/R4/datatypes.html#primitive"""

import re
from binascii import a2b_base64
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any

from profiles.checking.problem import Check, Problem, Problems, one
from profiles.checking.times import DATE, DATE_TIME, INSTANT, TIME, exists
from profiles.checking.xhtml import xhtml

LONGEST = 1024 * 1024
"""Characters in a string: https://hl7.org/fhir/R4/datatypes.html#string"""
DAYS = 40_000
"""Days that are remembered as existing: a century of them."""
UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
CODE = re.compile(r"\S+(?:\s\S+)*")
SPACE = re.compile(r"\s")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def not_a(kind: str, value: Any) -> list[Problem]:
    """A JSON value of the wrong kind; null is told apart, since a primitive extension may stand in for it."""
    if value is None:
        return [Problem("", "structure", "null is only allowed in a list, beside an extension", null=True)]
    return one("structure", f"must be a JSON {kind}")


def string(value: Any) -> Problems:
    """string and markdown."""
    if type(value) is not str:
        return not_a("string", value)
    if value.isprintable() and value and value[0] != " " and len(value) <= LONGEST:
        return None
    return _unusual(value)


def _unusual(value: str) -> Problems:
    if not value or value.isspace():
        return one("value", "must not be empty: leave the property out")
    if len(value) > LONGEST:
        return one("value", f"must not be longer than {LONGEST} characters")
    if UNUSABLE.search(value):
        return one("value", "holds a control character or half of a surrogate pair")
    return None


def code(value: Any) -> Problems:
    """A code: single spaces, and only inside."""
    if type(value) is not str:
        return not_a("string", value)
    if value and value.isprintable() and " " not in value:
        return None
    if CODE.fullmatch(value) and not UNUSABLE.search(value):
        return None
    return _unusual(value) or one("value", "a code has no space at its ends and no double space")


def uri(value: Any) -> Problems:
    """uri, url and canonical: no space in it."""
    if type(value) is not str:
        return not_a("string", value)
    if value and value.isprintable() and " " not in value:
        return None
    found = _unusual(value)
    return found or (one("value", "a URI has no space in it") if SPACE.search(value) else None)


def boolean(value: Any) -> Problems:
    """true or false, not their names."""
    return None if value is True or value is False else not_a("boolean", value)


def decimal(value: Any) -> Problems:
    """A finite JSON number."""
    kind = type(value)
    if kind is int or (isinstance(value, Decimal) and value.is_finite()) or (kind is float and isfinite(value)):
        return None
    return not_a("number", value)


def base64(value: Any) -> Problems:
    """base64 with white space anywhere between its characters."""
    if type(value) is not str:
        return not_a("string", value)
    try:
        empty = not a2b_base64("".join(value.split()), strict_mode=True)
    except ValueError:
        return one("value", "is not base64")
    return one("value", "must not be empty: leave the property out") if empty else None


def _whole(least: int, text: str) -> Check:
    """A JSON integer of at least `least`, at most 2^31-1."""

    def check(value: Any) -> Problems:
        if type(value) is not int:
            return not_a("integer", value)
        return None if least <= value < 2**31 else one("value", text)

    return check


def _matching(pattern: re.Pattern[str], text: str, also: Callable[[str], bool] | None = None) -> Check:
    """A string that a pattern describes."""
    fits = pattern.fullmatch

    def check(value: Any) -> Problems:
        if type(value) is not str:
            return not_a("string", value)
        if fits(value) and (also is None or also(value)):
            return None
        return one("value", text)

    return check


def _dated(full: Check) -> Check:
    """A date or a date with time; the days met before are kept, for the same ones come again and again."""
    days: set[str] = set()

    def check(value: Any) -> Problems:
        if type(value) is str and value in days:
            return None
        found = full(value)
        if found is None and len(value) == 10 and len(days) < DAYS:
            days.add(value)
        return found

    return check


PRIMITIVES: dict[str, Check] = {
    "base64Binary": base64,
    "boolean": boolean,
    "canonical": uri,
    "code": code,
    "date": _dated(_matching(DATE, "must be a day that exists as YYYY, YYYY-MM or YYYY-MM-DD", exists)),
    "dateTime": _dated(
        _matching(DATE_TIME, "must be YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz, and exist", exists)
    ),
    "decimal": decimal,
    "id": _matching(ID, "an id has 1 to 64 of the characters A-Z, a-z, 0-9, - and ."),
    "instant": _matching(INSTANT, "must be YYYY-MM-DDThh:mm:ss.sss+zz:zz, and exist", exists),
    "integer": _whole(-(2**31), "must be between -2147483648 and 2147483647"),
    "markdown": string,
    "oid": _matching(OID, "must be urn:oid: and numbers with dots between"),
    "positiveInt": _whole(1, "must be between 1 and 2147483647"),
    "string": string,
    "time": _matching(TIME, "must be hh:mm:ss"),
    "unsignedInt": _whole(0, "must be between 0 and 2147483647"),
    "uri": uri,
    "url": uri,
    "uuid": _matching(UUID, "must be urn:uuid: and a UUID in small letters"),
    "xhtml": xhtml,
}


def bound_code(codes: frozenset[str], valueset: str) -> Check:
    """A code of a required value set.  https://hl7.org/fhir/R4/terminologies.html#required"""
    choice = " | ".join(sorted(codes)) if len(codes) <= 16 else f"{len(codes)} codes"
    text = f"must be a code of {valueset}: {choice}"

    def check(value: Any) -> Problems:
        if type(value) is str:
            return None if value in codes else one("code-invalid", text)
        return not_a("string", value)

    return check


CURRENCY = _matching(re.compile("[A-Z]{3}"), "must be an ISO 4217 currency: three capital letters")
"""The value set of currencies is not listed in the definitions; its codes have one form."""
