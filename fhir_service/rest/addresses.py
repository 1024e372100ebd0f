"""From the path of a request to what is served there, with dict look-ups only.  https://hl7.org/fhir/R4/http.html"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhir_service.rest.exchange import Request
from fhir_service.rest.operations import Level as Called
from fhir_service.rest.routes import METADATA, Level, Methods, methods, operations_at, routes_of, routes_of_system
from profiles.definitions import compartments
from profiles.issues import Issue, error

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
NOWHERE = error("not-found", "", "Nothing is served at this address; [base]/metadata lists what is")
_UNKNOWN_TYPE = error("not-found", "", "This resource type is not served; [base]/metadata lists those that are")
_BAD_ID = error("value", "", "An id is 1 to 64 letters, digits, - and .")
_SEARCH, _HISTORY = "_search", "_history"
EVERY_TYPE = "*"
NO_ADDRESS = ["", ""]
"""Where nothing is served."""


@dataclass(frozen=True, slots=True)
class _OfType:
    """What is served below `[base]/[type]`. `words`: by what may stand where an id could; `below`: by what may stand
    behind an id; `within` and `within_search`: the types of its compartment."""

    itself: Methods
    words: Mapping[str, Methods]
    instance: Methods
    below: Mapping[str, Methods]
    version: Methods
    below_version: Mapping[str, Methods]
    within: Mapping[str, Methods]
    within_search: Mapping[str, Methods]


class Addresses:
    """The addresses of an endpoint that serves these types."""

    def __init__(self, rtypes: Iterable[str]) -> None:
        system = routes_of_system()
        self._base = system[Level.SYSTEM]
        self._words = {
            "metadata": methods((METADATA,)),
            _SEARCH: system[Level.SYSTEM_SEARCH],
            _HISTORY: system[Level.SYSTEM_HISTORY],
            **operations_at(Called.SYSTEM),
        }
        by_type = {rtype: routes_of(rtype) for rtype in rtypes}
        self._types = {rtype: _of_type(rtype, by_type, system) for rtype in by_type}

    def at(self, parts: list[str], request: Request) -> Methods | Issue:
        """What is served at a path below the base; notes in `request` what the path names."""
        if parts and not parts[-1]:  # a slash at the end
            parts = parts[:-1]
        served = self._types.get(parts[0]) if parts else None
        return self._above(parts) if served is None else _at(served, parts, request)

    def _above(self, parts: list[str]) -> Methods | Issue:
        if not parts:
            return self._base
        found = self._words.get(parts[0])
        if found is None:
            return _UNKNOWN_TYPE
        return found if len(parts) == 1 else NOWHERE


def _of_type(rtype: str, by_type: Mapping[str, Mapping[Level, Methods]], system: Mapping[Level, Methods]) -> _OfType:
    own = by_type[rtype]
    within = {t: by_type[t] for t in by_type} | {EVERY_TYPE: system} if rtype in compartments() else {}
    return _OfType(
        itself=own[Level.TYPE],
        words={_SEARCH: own[Level.SEARCH], _HISTORY: own[Level.TYPE_HISTORY], **operations_at(Called.TYPE, rtype)},
        instance=own[Level.INSTANCE],
        below={_HISTORY: own[Level.INSTANCE_HISTORY], **operations_at(Called.INSTANCE, rtype)},
        version=own[Level.VERSION],
        below_version=operations_at(Called.VERSION, rtype),
        within={t: levels[Level.COMPARTMENT] for t, levels in within.items()},
        within_search={t: levels[Level.COMPARTMENT_SEARCH] for t, levels in within.items()},
    )


def _at(served: _OfType, parts: list[str], request: Request) -> Methods | Issue:
    """What is served at `parts` of a type that is served."""
    size = len(parts)
    request.rtype = parts[0]
    if size == 1:
        return served.itself
    rid = parts[1]
    if size == 2 and (word := served.words.get(rid)) is not None:
        return word
    if not _ID.fullmatch(rid):
        return _BAD_ID if request.method == "PUT" else NOWHERE
    request.rid = rid
    return served.instance if size == 2 else _below(served, parts, request)


def _below(served: _OfType, parts: list[str], request: Request) -> Methods | Issue:
    """What is served behind an id."""
    size, word = len(parts), parts[2]
    if size == 3 and (found := served.below.get(word)) is not None:
        return found
    if word == _HISTORY:
        request.version = parts[3] if size > 3 else ""
        found = served.version if size == 4 else (served.below_version.get(parts[4]) if size == 5 else None)
        return NOWHERE if found is None else found
    table = {3: served.within, 4: served.within_search if parts[-1] == _SEARCH else {}}.get(size, {})
    if (found := table.get(word)) is None:
        return NOWHERE
    request.within = (request.rtype, request.rid)
    request.rtype, request.rid = "" if word == EVERY_TYPE else word, ""
    return found
