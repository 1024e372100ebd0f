"""Parameters about the answer rather than what it finds: `_sort`, `_count`, `_include`, `_summary` and the like.

https://hl7.org/fhir/R4/search.html#return
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from fhir_service.resources import resource_type
from fhir_service.search.asking import Asking
from fhir_service.search.criteria import bad_value
from fhir_service.search.including import include, revinclude
from fhir_service.search.parameters import COLUMNS, Parameter, parameters
from fhir_service.search.query import Sort
from profiles.issues import Issue, error

MAX_SORT_KEYS = 5
"""Bound of SR-8."""
TOTALS = ("none", "accurate", "estimate")
SUMMARIES = ("true", "text", "data", "count", "false")
CONTAINED_TYPES = ("container", "contained")
_PATH = re.compile(r"[A-Za-z]\w{0,63}(\.[A-Za-z]\w{0,63}){0,9}", re.ASCII)

Setting: TypeAlias = Callable[[Asking, str, str], Issue | None]
"""(search so far, name as it may be shown, value) -> what is wrong"""


def apply(asking: Asking, code: str, modifier: str | None, at: str, value: str) -> Issue | None:
    """Take a setting into the search; what is wrong with it otherwise."""
    if code in _INCLUDES:
        problem = _INCLUDES[code](asking, at, modifier, value)
    elif modifier is not None:
        problem = error("unknown-modifier", at, f"{code} takes no modifier here.")
    else:
        problem = _SETTINGS[code](asking, at, value)
    if problem is None:
        name = code if modifier is None else f"{code}:{modifier}"
        asking.used.append((name, str(asking.count) if code == "_count" else value))
    return problem


def _count(asking: Asking, at: str, value: str) -> Issue | None:
    """A page size above the cap is capped (SR-8); 0 asks for the number of matches only."""
    if not (value.isascii() and value.isdigit()):
        return bad_value(at, "a whole number, 0 or more")
    asking.count = min(int(value), asking.scope.max_count) if len(value) < 10 else asking.scope.max_count
    return None


def _total(asking: Asking, at: str, value: str) -> Issue | None:
    if value not in TOTALS:
        return bad_value(at, f"one of {', '.join(TOTALS)}")
    asking.total = value != "none"
    return None


def _summary(asking: Asking, at: str, value: str) -> Issue | None:
    """What is shown of each is for the answer to decide; `count` is about the search."""
    if value not in SUMMARIES:
        return bad_value(at, f"one of {', '.join(SUMMARIES)}")
    if value == "count":
        asking.count = 0
    return None


def _elements(_: Asking, at: str, value: str) -> Issue | None:
    paths = value.split(",")
    return None if all(map(_PATH.fullmatch, paths)) else bad_value(at, "names of elements, such as status,subject")


def _contained(_: Asking, at: str, value: str) -> Issue | None:
    """What is contained is not found by itself."""
    return None if value == "false" else bad_value(at, "false: contained resources are not searched here")


def _contained_type(_: Asking, at: str, value: str) -> Issue | None:
    return None if value == "container" else bad_value(at, "container: contained resources are not searched here")


def _sort(asking: Asking, at: str, value: str) -> Issue | None:
    known = _sortable(asking.scope.rtype)
    keys = value.split(",")
    if len(keys) > MAX_SORT_KEYS:
        return bad_value(at, f"at most {MAX_SORT_KEYS} keys")
    if any(key.removeprefix("-") not in known for key in keys):
        return bad_value(at, f"one or more of {', '.join(known)}, with - in front for descending")
    asking.sort = tuple(_key(known[key.removeprefix("-")], descending=key.startswith("-")) for key in keys)
    return None


@lru_cache(maxsize=256)
def _sortable(rtype: str) -> Mapping[str, Parameter]:
    """Of several types at once only what every row carries."""
    if rtype:
        sorts = resource_type(rtype).sorts
        return {code: p for code, p in parameters(rtype).items() if p.sortable and (sorts is None or code in sorts)}
    return {code: parameters("Patient")[code] for code in sorted(COLUMNS)}


def _key(parameter: Parameter, *, descending: bool) -> Sort:
    """`_id` and `_lastUpdated` are columns of every row and have no type here."""
    return Sort(parameter.code, None if parameter.code in COLUMNS else parameter.type, descending)


_SETTINGS: Mapping[str, Setting] = {
    "_contained": _contained,
    "_containedType": _contained_type,
    "_count": _count,
    "_elements": _elements,
    "_sort": _sort,
    "_summary": _summary,
    "_total": _total,
}
_INCLUDES: Mapping[str, Callable[[Asking, str, str | None, str], Issue | None]] = {
    "_include": include,
    "_revinclude": revinclude,
}
NAMES = frozenset(_SETTINGS) | frozenset(_INCLUDES)
ONCE = frozenset(_SETTINGS)
"""Settings that a second one would contradict."""
