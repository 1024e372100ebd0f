"""What a check says: nothing when all is well, else problems with places relative to the value that was checked.

Places are put together on the way out, so that a value without problems costs nothing for them.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

FLOOD = 10_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Problem(NamedTuple):
    """`at` is relative (`.detail.status`, `[0].code`); `code` is one of `profiles.issue_codes`.

    `local` is set on a reference into `contained`, which only the resource around it can judge: the id that it names;
    then `targets` is what it may point to. `null` marks a null that a primitive extension may stand in for.
    `warning` does not refuse.
    """

    at: str
    code: str
    text: str
    local: str | None = None
    targets: tuple[str, ...] = ()
    null: bool = False
    warning: bool = False


Problems: TypeAlias = list[Problem] | None
Check: TypeAlias = Callable[[Any], Problems]


def one(code: str, text: str, at: str = "") -> list[Problem]:
    """The answer of a check that found one thing."""
    return [Problem(at, code, text)]


def joined(before: Problems, place: str, found: list[Problem]) -> list[Problem]:
    """What was found before, to which what was found below a place is added."""
    placed = [problem._replace(at=place + problem.at) for problem in found]
    if before is None:
        return placed
    before += placed
    return before


def enough(problems: Problems) -> bool:
    """Whether to stop looking: a flood of mistakes must not cost more than a flood of good values.

    The last problem then is one that stands whatever the resource around says, so that the verdict is right.
    """
    if problems is None or len(problems) < FLOOD:
        return False
    problems.append(Problem("", "structure", "more problems here are not told"))
    return True


def shown(name: str) -> str:
    """A sender's property name, if it looks like one: it may hold anything, a person's data too."""
    return name if NAME.fullmatch(name) else "(a name that FHIR does not use)"


def place(name: str) -> str:
    """The place of a property: its name, if it looks like one."""
    return f".{name}" if NAME.fullmatch(name) else ""
