"""A query string as a search: parameters in, SearchQuery or Issues out.  https://hl7.org/fhir/R4/search.html

A parameter, modifier or value that is not understood is refused and never widens the answer (SR-19, decisions 7
and 26); with `lenient` a parameter of an unknown name is left out, and said so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fhir_service.search.criteria import Asked, bad_value, criterion
from fhir_service.search.parameters import COLUMNS, Parameter, includes, parameters
from fhir_service.search.query import Criterion, Cursor, Include, SearchQuery, Sort
from profiles.issues import Issue, error, information

MAX_PARAMETERS = 64
MAX_VALUE_LENGTH = 4_000
MAX_SORT_KEYS = 5
"""Bounds of SR-8."""
IGNORED = frozenset({"_format", "_pretty"})
"""About the form of the answer, not what it finds."""
_SHOWABLE = re.compile(r"(?!.*[0-9]{6})[A-Za-z_][A-Za-z0-9_.:-]{0,63}", re.ASCII)
"""What looks like the name of a parameter. All else may be a value about a person (SR-18)."""
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
TOTALS = ("none", "accurate", "estimate")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A search that can be run, or `query` None and why not. `issues` may also tell what was left out or looks odd."""

    query: SearchQuery | None
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a parameter of the result (`_sort`, `_count` ...) makes of the query."""

    change: Callable[[SearchQuery], SearchQuery]
    shown: str


def parse(
    rtype: str,
    params: Sequence[tuple[str, str]],
    *,
    base_url: str,
    lenient: bool = False,
    max_count: int = 1000,
    after: Cursor | None = None,
) -> Parsed:
    """The search that `params` (decoded names and values, in order) ask for."""
    if len(params) > MAX_PARAMETERS:
        text = f"A search takes at most {MAX_PARAMETERS} parameters."
        return Parsed(None, (error("bad-parameter-value", rtype, text),))
    query = SearchQuery(rtype, after=after)
    query = replace(query, count=min(query.count, max_count))
    issues: list[Issue] = list(_repeated(params))
    for name, value in params:
        if name in IGNORED:
            continue
        query, found = _one(query, name, value, _Handling(base_url, lenient, max_count))
        issues += found
    if any(issue.refuses for issue in issues):
        return Parsed(None, tuple(issues))
    return Parsed(query, tuple(issues))


@dataclass(frozen=True, slots=True)
class _Handling:
    base_url: str
    lenient: bool
    max_count: int


def _one(query: SearchQuery, name: str, value: str, handling: _Handling) -> tuple[SearchQuery, list[Issue]]:
    """The query with one parameter more, and what there is to say about it."""
    code, colon, modifier = name.partition(":")
    asked = Asked(_shown(name), modifier if colon else None, value)
    known = parameters(query.rtype)
    if code not in known and code not in _SETTINGS:
        return query, [_unknown(asked, known, lenient=handling.lenient)]
    if problem := _unusable(value):
        return query, [bad_value(asked.at, problem)]
    if code in _SETTINGS:
        return _set(query, code, asked, handling)
    outcome = criterion(asked, known[code], handling.base_url)
    return _with(query, name, value, outcome.criterion), list(outcome.issues)


def _with(query: SearchQuery, name: str, value: str, found: Criterion | None) -> SearchQuery:
    if found is None:
        return query
    return replace(query, criteria=(*query.criteria, found), used=(*query.used, (name, value)))


def _shown(name: str) -> str:
    """The name as it may be repeated in an answer."""
    return name if not name or _SHOWABLE.fullmatch(name) else "(not shown)"


def _unusable(value: str) -> str | None:
    """What no value may be: the database and the answer could not take it (SR-16)."""
    if not value.strip():
        return "a value that is not empty"
    if len(value) > MAX_VALUE_LENGTH:
        return f"at most {MAX_VALUE_LENGTH} characters"
    if _UNKEEPABLE.search(value):
        return "text without NUL and half characters"
    return None


def _unknown(asked: Asked, known: Mapping[str, Parameter], *, lenient: bool) -> Issue:
    if lenient:
        return information("unknown-parameter", asked.at, f"{asked.at} is not known here and was ignored.")
    valid = ", ".join(sorted([*known, *_SETTINGS]))
    return error("unknown-parameter", asked.at, f"{asked.at} is not known here. The parameters are: {valid}.")


def _repeated(params: Sequence[tuple[str, str]]) -> list[Issue]:
    names = [name for name, _ in params]
    twice = [name for name in ("_sort", "_count", "_total") if names.count(name) > 1]
    return [bad_value(name, "one value, and was given several") for name in twice]


def _set(query: SearchQuery, code: str, asked: Asked, handling: _Handling) -> tuple[SearchQuery, list[Issue]]:
    if asked.modifier is not None:
        return query, [error("unknown-modifier", asked.at, f"{code} takes no modifier here.")]
    setting = _SETTINGS[code](asked, query.rtype, handling)
    if isinstance(setting, Issue):
        return query, [setting]
    return replace(setting.change(query), used=(*query.used, (code, setting.shown))), []


def _count(asked: Asked, _: str, handling: _Handling) -> _Setting | Issue:
    """A page size above the cap is capped (SR-8); 0 asks for the number of matches only."""
    if not (asked.value.isascii() and asked.value.isdigit()):
        return bad_value(asked.at, "a whole number, 0 or more")
    count = min(int(asked.value), handling.max_count)
    return _Setting(lambda query: replace(query, count=count, total=query.total or count == 0), str(count))


def _total(asked: Asked, _: str, __: _Handling) -> _Setting | Issue:
    if asked.value not in TOTALS:
        return bad_value(asked.at, f"one of {', '.join(TOTALS)}")
    wanted = asked.value != "none"
    return _Setting(lambda query: replace(query, total=wanted or query.count == 0), asked.value)


def _sort(asked: Asked, rtype: str, _: _Handling) -> _Setting | Issue:
    known = {code: p for code, p in parameters(rtype).items() if p.declared != "uri"}
    keys = asked.value.split(",")
    if len(keys) > MAX_SORT_KEYS:
        return bad_value(asked.at, f"at most {MAX_SORT_KEYS} keys")
    if any(key.removeprefix("-") not in known for key in keys):
        return bad_value(asked.at, f"one or more of {', '.join(known)}, with - in front for descending")
    sort = tuple(_key(known[key.removeprefix("-")], descending=key.startswith("-")) for key in keys)
    return _Setting(lambda query: replace(query, sort=sort), asked.value)


def _key(parameter: Parameter, *, descending: bool) -> Sort:
    """`_id` and `_lastUpdated` are columns of every row and have no type here."""
    return Sort(parameter.code, None if parameter.code in COLUMNS else parameter.type, descending)


def _include(asked: Asked, rtype: str, __: _Handling) -> _Setting | Issue:
    """`CarePlan:care-team` or `CarePlan:care-team:CareTeam`; neither `*` nor `:iterate`."""
    source, _, rest = asked.value.partition(":")
    code, colon, target = rest.partition(":")
    parameter = parameters(rtype).get(code)
    if f"{source}:{code}" not in includes(rtype) or parameter is None:
        return bad_value(asked.at, f"one of {', '.join(includes(rtype)) or 'nothing for this type'}")
    if colon and target not in parameter.targets:
        return bad_value(asked.at, f"a type that {code} points to, such as {source}:{code}:{parameter.targets[0]}")
    include = Include(source, code, target or None)
    return _Setting(lambda query: replace(query, includes=(*query.includes, include)), asked.value)


_SETTINGS: dict[str, Callable[[Asked, str, _Handling], _Setting | Issue]] = {
    "_count": _count,
    "_include": _include,
    "_sort": _sort,
    "_total": _total,
}
