"""The rules that a profile adds, as FHIRPath.  https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.constraint"""

from functools import cache
from typing import Any

from profiles.checking.problem import Problem
from profiles.definitions import invariants, kinds
from profiles.fhirpath import Expression, Node, Unsupported
from profiles.names import HL7_EXTENSION
from profiles.snapshots.judging import Around, Judge


@cache
def _of_r4() -> frozenset[tuple[str, str]]:
    """Key and expression of each rule; the key alone stands with an empty expression."""
    rules = [rule for name in kinds() for rule in invariants(name)]
    return frozenset((rule.key, text) for rule in rules for text in (rule.expression, ""))


def is_own(constraint: dict[str, Any]) -> bool:
    """Whether a constraint is the profile's: those of R4 are repeated in each snapshot and judged with the type."""
    source, key = constraint.get("source"), str(constraint.get("key"))
    if source is None:
        return (key, str(constraint.get("expression"))) not in _of_r4()
    return not (str(source).startswith(HL7_EXTENSION) and (key, "") in _of_r4())


def of_rule(constraint: dict[str, Any], expression: Expression) -> Judge:
    """The check of a rule; one that cannot be judged on a value refuses it, unless it only warns."""
    key, human = str(constraint.get("key"))[:64], str(constraint.get("human", ""))[:300]
    warns = constraint.get("severity") == "warning"

    def judge(node: Node, around: Around) -> list[Problem]:
        around.left -= 1
        if around.left < 0:
            return [Problem("", "invariant", f"{key}: cannot be judged here: too many rules", warning=warns)]
        try:
            if expression.holds(node, around.root, around.outermost, around.allowance):
                return []
        except Unsupported as reason:
            return [Problem("", "invariant", f"{key}: cannot be judged here: {reason}", warning=warns)]
        return [Problem("", "invariant", f"{key}: {human}", warning=warns)]

    return judge
