"""What a search of the audit log asks for: bounds of time, patients, an entity; the rest is judged event by event."""

from typing import cast

from fhir_service.search.query import Criterion, DateValue, Prefix, ReferenceValue
from fhir_service.workflow.by_time import BY_TIME


def is_date(condition: object) -> bool:
    """Whether a condition is about the time of the event."""
    return isinstance(condition, Criterion) and condition.parameter in BY_TIME and condition.missing is None


def narrowed(lo: int, hi: int, criterion: Criterion) -> tuple[int, int]:
    """The bounds of time that a criterion with one value puts."""
    if len(criterion.values) != 1:
        return lo, hi
    value = cast(DateValue, criterion.values[0])
    low, high = _BOUNDS[value.prefix]
    return (
        lo if low is None else max(lo, getattr(value, low)),
        hi if high is None else min(hi, getattr(value, high)),
    )


_BOUNDS: dict[Prefix, tuple[str | None, str | None]] = {
    Prefix.EQ: ("lo", "hi"),
    Prefix.AP: ("lo", "hi"),
    Prefix.NE: (None, None),
    Prefix.GT: ("hi", None),
    Prefix.SA: ("hi", None),
    Prefix.GE: ("lo", None),
    Prefix.LT: (None, "lo"),
    Prefix.EB: (None, "lo"),
    Prefix.LE: (None, "hi"),
}


def holds(criterion: Criterion, at: int) -> bool:
    """Whether an event at this time is asked for."""
    return any(_is_then(cast(DateValue, value), at) for value in criterion.values)


def _is_then(value: DateValue, at: int) -> bool:
    if value.prefix is Prefix.NE:
        return not value.lo <= at < value.hi
    low, high = _BOUNDS[value.prefix]
    return (low is None or at >= getattr(value, low)) and (high is None or at < getattr(value, high))


def _references(condition: object, parameter: str) -> list[ReferenceValue] | None:
    if not isinstance(condition, Criterion) or condition.parameter != parameter or condition.missing is not None:
        return None
    return [value for value in condition.values if isinstance(value, ReferenceValue)]


def patients_in(condition: object) -> list[str] | None:
    """Ids of the Patients that a criterion asks for."""
    values = _references(condition, "patient")
    return None if values is None else [v.rid for v in values if v.rtype in (None, "Patient")]


def entity_in(condition: object) -> tuple[str, str] | None:
    """(type, id) of the one entity that a criterion asks for; a Patient may be there in another role."""
    values = _references(condition, "entity")
    if values is None or len(values) != 1 or values[0].rtype in (None, "Patient"):
        return None
    return str(values[0].rtype), values[0].rid
