"""Is this a valid FHIR R4 resource?  https://hl7.org/fhir/R4/validation.html

A pure function from JSON values to Issues: structure, primitives, primitive extensions, required codes, reference
targets, narrative and invariants of FHIR R4 4.0.1, for every resource type (decisions 3 and 4). It never raises and
tells everything it finds, up to a limit. Checks of a type are compiled when the type is first met.
"""

from profiles.checking import Problem, resource
from profiles.issues import Issue, error, warning

MOST = 100
"""Issues told about one resource: who sends a thousand mistakes learns nothing from the last nine hundred."""


def check(value: object, rtype: str | None = None) -> tuple[Issue, ...]:
    """What is wrong with a resource as decoded JSON; empty when it is valid. `rtype`: the type it must be of."""
    name = value.get("resourceType") if isinstance(value, dict) else None
    root = (
        name if isinstance(name, str) and name.isalpha() and name.isascii() and len(name) <= 64 else rtype or "Resource"
    )
    if rtype is not None and name != rtype:
        return (error("structure", f"{root}.resourceType", f"resourceType must be {rtype}"),)
    try:
        problems = resource(value)
    except RecursionError:
        return (error("too-deep", root, "the resource is nested too deeply"),)
    return _told(root, problems) if problems else ()


def _told(root: str, problems: list[Problem]) -> tuple[Issue, ...]:
    """The first of them, those that refuse before those that do not."""
    problems = sorted(problems, key=lambda problem: problem.warning) if len(problems) > MOST else problems
    issues = [_issue(root, problem) for problem in problems[:MOST]]
    if len(problems) > MOST:
        make = error if issues[0].refuses else warning
        issues.append(make("structure", root, f"there are more issues: the first {MOST} are told"))
    return tuple(issues)


def _issue(root: str, problem: Problem) -> Issue:
    make = warning if problem.warning else error
    return make(problem.code, root + problem.at, problem.text)
