"""`_include` and `_revinclude`, with `:iterate`, `*` and a target.  https://hl7.org/fhir/R4/search.html#revinclude"""

from functools import cache

from fhir_service.search.asking import Asking
from fhir_service.search.criteria import bad_value
from fhir_service.search.parameters import includes, parameters, referring
from fhir_service.search.query import Include
from profiles.issues import Issue, error

MAX_INCLUDES = 50
"""Asked for in one search (SR-8)."""
EVERYTHING = "*"
ITERATE = "iterate"
_EXAMPLES = 40
"""How many valid ones a refusal lists."""


def include(asking: Asking, at: str, modifier: str | None, value: str) -> Issue | None:
    """`CarePlan:care-team`, `CarePlan:performer:Organization`, `CarePlan:*`, `*`"""
    return _add(asking, at, modifier, _forward(asking, at, value, iterate=modifier is not None))


def revinclude(asking: Asking, at: str, modifier: str | None, value: str) -> Issue | None:
    """`Task:focus`, `Task:focus:CarePlan`, `Task:*`, `*`"""
    return _add(asking, at, modifier, _reverse(asking, at, value, iterate=modifier is not None))


def _add(asking: Asking, at: str, modifier: str | None, found: list[Include] | Issue) -> Issue | None:
    if modifier not in (None, ITERATE):
        told = " (:recurse is its older name)" if modifier == "recurse" else ""
        return error("unknown-modifier", at, f"{at.partition(':')[0]} takes :{ITERATE}{told}.")
    if isinstance(found, Issue):
        return found
    if sum(name.startswith(("_include", "_revinclude")) for name, _ in asking.used) >= MAX_INCLUDES:
        return bad_value(at, f"at most {MAX_INCLUDES} of its kind in one search")
    asking.includes += found
    return None


def _forward(asking: Asking, at: str, value: str, *, iterate: bool) -> list[Include] | Issue:
    scope = asking.scope
    if value == EVERYTHING and not iterate:
        return [Include(rtype, EVERYTHING) for rtype in scope.rtypes if includes(rtype)]
    source, code, target = _taken_apart(value)
    sources = scope.served if iterate else scope.rtypes
    if source not in sources or (code != EVERYTHING and f"{source}:{code}" not in includes(source)):
        return _unknown(at, [name for rtype in sources[:_EXAMPLES] for name in includes(rtype)], iterate=iterate)
    return _one(at, Include(source, code, target, iterate=iterate), _targets(source, code))


def _reverse(asking: Asking, at: str, value: str, *, iterate: bool) -> list[Include] | Issue:
    scope = asking.scope
    reached = scope.served if iterate else scope.rtypes
    if value == EVERYTHING and not iterate:
        sources = [s for s in scope.served if any(referring(s, rtype) for rtype in reached)]
        return [Include(source, EVERYTHING, reverse=True) for source in sources]
    source, code, target = _taken_apart(value)
    known = source in scope.served and any(
        code == EVERYTHING or code in referring(source, rtype) for rtype in reached if referring(source, rtype)
    )
    if not known:
        valid = [f"{s}:{c}" for s in scope.served for rtype in reached[:1] for c in referring(s, rtype)]
        return _unknown(at, valid, iterate=iterate)
    return _one(at, Include(source, code, target, reverse=True, iterate=iterate), _targets(source, code))


def _taken_apart(value: str) -> tuple[str, str, str | None]:
    """(source, parameter, target or None)"""
    source, _, rest = value.partition(":")
    code, colon, target = rest.partition(":")
    return source, code, target if colon else None


@cache
def _targets(source: str, code: str) -> frozenset[str]:
    """What an include that is known may lead to."""
    known = parameters(source)
    return frozenset(t for c, p in known.items() if p.leads and code in (EVERYTHING, c) for t in p.targets)


def _one(at: str, found: Include, targets: frozenset[str]) -> list[Include] | Issue:
    if found.target is None or found.target in targets:
        return [found]
    example = f"{found.source}:{found.parameter}:{min(targets)}"
    return bad_value(at, f"a type that {found.parameter} points to, such as {example}")


def _unknown(at: str, valid: list[str], *, iterate: bool) -> Issue:
    listed = ", ".join(valid[:_EXAMPLES]) or "nothing for this type"
    more = " ..." if len(valid) > _EXAMPLES else ""
    told = "" if iterate else f"; what was included leads on with :{ITERATE}"
    return bad_value(at, f"one of {listed}{more}{told}")
