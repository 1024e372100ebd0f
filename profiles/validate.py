"""Is this a valid FHIR R4 resource?  https://hl7.org/fhir/R4/validation.html

A pure function from JSON values to Issues: structure, primitives, primitive extensions, required codes, reference
targets, narrative and invariants of FHIR R4 4.0.1, for every resource type (decisions 3 and 4). It never raises and
tells everything it finds, up to a limit. Checks of a type are compiled when the type is first met.
"""

from collections.abc import Sequence
from typing import Any

from profiles.checking import Problem, resource
from profiles.issues import Issue, error, warning
from profiles.snapshots import Profile
from profiles.snapshots.extensions import extensions_in
from profiles.snapshots.judging import allowance
from profiles.snapshots.kept import NOTHING_KEPT, Kept

MOST = 100
"""Issues told about one resource: who sends a thousand mistakes learns nothing from the last nine hundred."""


def check(value: object, rtype: str | None = None, profiles: Sequence[Profile] = ()) -> tuple[Issue, ...]:
    """What is wrong with a resource as decoded JSON; empty when it is valid.

    `rtype`: the type it must be of; `profiles`: what it must conform to besides R4 (`profiles.snapshots`).
    """
    name = value.get("resourceType") if isinstance(value, dict) else None
    root = (
        name if isinstance(name, str) and name.isalpha() and name.isascii() and len(name) <= 64 else rtype or "Resource"
    )
    if rtype is not None and name != rtype:
        return (error("structure", f"{root}.resourceType", f"resourceType must be {rtype}"),)
    try:
        problems = resource(value)
        if profiles and isinstance(value, dict):
            problems = _by_profiles(value, problems or [], profiles)
    except RecursionError:
        return (error("too-deep", root, "the resource is nested too deeply"),)
    told = _told(root, problems) if problems else ()
    return told + tuple(note for profile in profiles for note in profile.notes) if profiles else told


def conforms(resource: dict[str, Any], profiles: Sequence[Profile], kept: Kept = NOTHING_KEPT) -> tuple[Issue, ...]:
    """What is wrong with a resource, which is valid as R4, by profiles only. `kept`: what of it they judged before."""
    problems = _by_profiles(resource, [], profiles, kept)
    return _told(str(resource.get("resourceType")), problems) if problems else ()


def _by_profiles(
    value: dict[str, Any], before: list[Problem], profiles: Sequence[Profile], kept: Kept = NOTHING_KEPT
) -> list[Problem]:
    """What was found before and what the profiles add; what R4 says of a place already is not told again."""
    known = {(problem.at, problem.code) for problem in before}
    shared = allowance()
    extensions = tuple(extensions_in(value, kept)) if any(profile.type == "Extension" for profile in profiles) else ()
    found = [problem for profile in profiles for problem in profile.check(value, shared, extensions, kept)]
    return before + [problem for problem in dict.fromkeys(found) if (problem.at, problem.code) not in known]


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
