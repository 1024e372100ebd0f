"""A case with its decision, as `$decide` puts it together (workflow.md 4.4, 13); `case_decided` judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_service.rules._drafting import with_output
from fhir_service.rules._elements import code_in, several
from fhir_service.rules._following import decision_status
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided. `codes`: type of output -> its code; `right`: which of two that are granted the family chose;
    `letter`: a Reference, made from a template when absent."""

    codes: Mapping[str, str]
    reasons: tuple[Resource, ...]
    date: str
    maker: Resource
    right: str | None = None
    letter: Resource | None = None


def decided_case(case: Resource, decision: Decision) -> Resource:
    """The case with these decision outputs and no others, and the business status that goes with them."""
    kept = [o for o in several(case.get("output")) if code_in(o.get("type"), names.DECISION_OUTPUT) is None]
    after = {**case, "output": kept}
    values: list[tuple[str, Any]] = [
        *((kind, {"valueCodeableConcept": concept(names.DECISION, code)}) for kind, code in decision.codes.items()),
        *(
            [("chosen-right", {"valueCodeableConcept": concept(names.TEAM_ROLE, decision.right)})]
            if decision.right
            else []
        ),
        *(("decision-reason", {"valueCodeableConcept": reason}) for reason in decision.reasons),
        ("decision-date", {"valueDateTime": decision.date}),
        ("decision-maker", {"valueReference": decision.maker}),
        *([("decision-letter", {"valueReference": decision.letter})] if decision.letter else []),
    ]
    for kind, value in values:
        after["output"] = with_output(after, names.DECISION_OUTPUT, kind, value)
    return {**after, "businessStatus": concept(names.KE_BUSINESS_STATUS, decision_status(after))}
