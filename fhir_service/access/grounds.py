"""What lets somebody in to a person, as the audit log tells it (INV-07): a code of our code system `access-basis`."""

from fhir_service.principal import EMERGENCY, Principal
from fhir_service.sight import (
    ALL_BUT_HIDDEN,
    APART_FROM_COORDINATOR,
    APART_FROM_KE,
    BUT,
    CASE,
    CASE_OF,
    COORDINATORS,
    EXISTENCE,
    FRAME,
    TO_DO,
    Sight,
)

_MARKS = frozenset({CASE_OF, TO_DO})
"""Beginnings of labels that say whose something is: each of them is the ground, whoever it is."""
_OPENED_BY: tuple[tuple[str, str], ...] = (
    (BUT + APART_FROM_KE[1:], "custodian"),
    (BUT + APART_FROM_COORDINATOR[1:], "coordinator"),
    (CASE_OF, "case"),
    (ALL_BUT_HIDDEN, "representative"),
    (FRAME, "member"),
    (TO_DO, "unit-leader"),
    (COORDINATORS, "stay"),
    (EXISTENCE, "existence"),
)
"""What is open -> the ground, the widest first; nothing: who sees it is a party to it."""


def ground_of(by: Principal, sight: Sight) -> str:
    """By what a caller sees something of a person. `sight`: what is open of that person to them."""
    if not by.narrowed:
        return "developer"
    if by.purpose == EMERGENCY:
        return "emergency"
    if sight.everything:
        return "self"
    if CASE in sight.labels:  # where consents or blocks narrow rule 1 it is a label for each thing
        return "custodian" if by.role == "ke" else "coordinator"
    opened = {label[:1] if label[:1] in _MARKS else label for label in sight.labels}
    return next((ground for label, ground in _OPENED_BY if label in opened), "party")
