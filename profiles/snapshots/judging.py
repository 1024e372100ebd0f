"""What the checks of a profile share: the value in its place, the resource around it, and how a problem is told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from profiles.checking.problem import Problem
from profiles.fhirpath import Node
from profiles.fhirpath.scope import Allowance
from profiles.snapshots.kept import NOTHING_KEPT, Kept

MOST_EVALUATIONS: Final = 20_000
MOST_PROBLEMS: Final = 500
MOST_STEPS: Final = 500_000
"""Values looked at for all profiles of one resource together: about half a second (SR-8)."""


def allowance() -> Allowance:
    """What the profiles of one resource may take."""
    return Allowance(MOST_STEPS)


@dataclass(slots=True)
class Around:
    """The resource that is judged. `left`: how many expressions may still be evaluated on it; `kept`: what of it has
    been judged before."""

    root: Node
    outermost: Node
    left: int = MOST_EVALUATIONS
    allowance: Allowance = field(default_factory=allowance)
    kept: Kept = NOTHING_KEPT


Judge: TypeAlias = Callable[[Node, Around], list[Problem]]
"""What is wrong with a value, with places relative to it."""


def joined(judges: Iterable[Judge]) -> Judge:
    """All of them, one after another."""
    several = tuple(judges)
    if len(several) == 1:
        return several[0]

    def judge(node: Node, around: Around) -> list[Problem]:
        return [problem for one in several for problem in one(node, around)]

    return judge


def below(place: str, problems: list[Problem]) -> list[Problem]:
    """Problems of a part as problems of the whole."""
    return [problem._replace(at=place + problem.at) for problem in problems] if problems else problems


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1."""
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return (type(one) is bool) == (type(other) is bool) and bool(one == other)


def within(pattern: Any, value: Any) -> bool:
    """Whether a value has all that a pattern has.  https://hl7.org/fhir/R4/elementdefinition.html#pattern"""
    if type(pattern) is dict:
        return type(value) is dict and all(name in value and within(p, value[name]) for name, p in pattern.items())
    if type(pattern) is list:
        return type(value) is list and all(any(within(p, item) for item in value) for p in pattern)
    return same(pattern, value)
