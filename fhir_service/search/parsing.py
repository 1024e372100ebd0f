"""A query string as a search: parameters in, SearchQuery or Issues out.  https://hl7.org/fhir/R4/search.html

A parameter, modifier or value that is not understood is refused and never widens the answer (SR-19, decisions 7
and 26); with `lenient` a parameter of an unknown name is left out, and said so.
"""

import re
from collections.abc import Sequence

import msgspec

from fhir_service.resources import SERVED
from fhir_service.search import names, settings
from fhir_service.search.asking import Asking
from fhir_service.search.criteria import Reading, bad_value
from fhir_service.search.names import named, shown
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.search.scope import TYPES, Compartment, Scope, types_asked, within
from profiles.issues import Issue, error, information

MAX_PARAMETERS = 64
MAX_VALUE_LENGTH = 4_000
"""Bounds of SR-8."""
COUNT = 50
"""What is on a page unless `_count` says otherwise."""
IGNORED = frozenset({"_format", "_pretty"})
"""About the form of the answer, not what it finds."""
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class Parsed(msgspec.Struct, frozen=True):
    """A search that can be run, or `query` None and why not. `issues` may also tell what was left out or looks odd."""

    query: SearchQuery | None
    issues: tuple[Issue, ...] = ()


def parse(  # noqa: PLR0913 - each of them is about another thing
    rtype: str | None,
    params: Sequence[tuple[str, str]],
    *,
    base_url: str,
    lenient: bool = False,
    max_count: int = 1000,
    after: Cursor | None = None,
    types: tuple[str, ...] = SERVED,
    compartment: Compartment | None = None,
) -> Parsed:
    """The search that `params` (decoded names and values, in order) ask for.

    `rtype` None: over several types, those of `_type` among `types`, which are those that are served. `compartment`:
    what is found lies in the compartment of this resource.
    """
    if len(params) > MAX_PARAMETERS:
        text = f"A search takes at most {MAX_PARAMETERS} parameters."
        return Parsed(None, (error("bad-parameter-value", rtype or "", text),))
    rtypes = types_asked(params, types, compartment) if rtype is None else (rtype,)
    if isinstance(rtypes, Issue):
        return Parsed(None, (rtypes,))
    scope = Scope(rtype or "", rtypes, types, base_url, max_count)
    asking = Asking(scope, min(COUNT, max_count), {t: [within(compartment, t)] if compartment else [] for t in rtypes})
    asking.issues += _repeated(params)
    for name, value in params:
        _take(asking, name, value, lenient=lenient)
    if any(issue.refuses for issue in asking.issues):
        return Parsed(None, tuple(asking.issues))
    return Parsed(asking.query(after), tuple(asking.issues))


def _take(asking: Asking, name: str, value: str, *, lenient: bool) -> None:
    """One parameter more; what is wrong goes to the issues."""
    if name in IGNORED:
        return
    if name == TYPES and not asking.scope.rtype:
        asking.used.append((name, value))
    elif told := (_setting if name.partition(":")[0] in settings.NAMES else _criteria)(asking, name, value):
        asking.issues.append(_forgiven(told) if lenient and told.code == "unknown-parameter" else told)


def _setting(asking: Asking, name: str, value: str) -> Issue | None:
    """Something about the answer; what is wrong with it otherwise."""
    code, colon, modifier = name.partition(":")
    at = shown(name)
    if problem := _unusable(value):
        return bad_value(at, problem)
    return settings.apply(asking, code, modifier if colon else None, at, value)


def _criteria(asking: Asking, name: str, value: str) -> Issue | None:
    """What the parameter says of each type that is searched; the first thing that is wrong otherwise."""
    scope = asking.scope
    readings: list[tuple[str, Reading]] = []
    for rtype in scope.rtypes:
        found = named(rtype, name, scope.served)
        if isinstance(found, Issue):
            return _told(asking, found)
        readings.append((rtype, found.read))
    at = shown(name)
    if problem := _unusable(value):
        return bad_value(at, problem)
    for rtype, read in readings:
        outcome = read(at, value, scope.base_url)
        asking.issues += [issue for issue in outcome.issues if issue not in asking.issues]
        if outcome.condition is not None:
            asking.criteria[rtype].append(outcome.condition)
    asking.used.append((name, value))
    return None


def _unusable(value: str) -> str | None:
    """What no value may be: the database and the answer could not take it (SR-16)."""
    if not value.strip():
        return "a value that is not empty"
    if len(value) > MAX_VALUE_LENGTH:
        return f"at most {MAX_VALUE_LENGTH} characters"
    if _UNKEEPABLE.search(value):
        return "text without NUL and half characters"
    return None


def _told(asking: Asking, issue: Issue) -> Issue:
    """The refusal of a name; in a search over several types with the names that they all know."""
    scope = asking.scope
    if scope.rtype or issue.code != "unknown-parameter":
        return issue
    common = frozenset.intersection(*[frozenset(names.known(rtype, scope.served)) for rtype in scope.rtypes])
    valid = ", ".join(sorted({*common, *settings.NAMES, TYPES}))
    return error(issue.code, issue.at, f"{issue.at} is not known of all types asked for. They share: {valid}.")


def _forgiven(issue: Issue) -> Issue:
    return information("unknown-parameter", issue.at, f"{issue.at} is not known here and was ignored.")


def _repeated(params: Sequence[tuple[str, str]]) -> list[Issue]:
    given = [name for name, _ in params]
    twice = [name for name in sorted(settings.ONCE) if given.count(name) > 1]
    return [bad_value(name, "one value, and was given several") for name in twice]
