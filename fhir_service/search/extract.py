"""What a resource is found by: its index rows, from plans that are made once a type."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

from fhir_service.search import dates, references, strings, tokens
from fhir_service.search.modifiers import IDENTIFIER
from fhir_service.search.parameters import parameters, patient_parameter
from fhir_service.search.paths import Branch, Values
from fhir_service.search.query import IndexRows, ParameterType
from profiles.resource import Resource

T = TypeVar("T")
Row = TypeVar("Row", bound=tuple[Any, ...])
Getter: TypeAlias = Callable[[Any], Values]
Plan: TypeAlias = tuple[tuple[str, Getter, T], ...]
"""(parameter, how to get its values, how to index one)"""


@dataclass(frozen=True, slots=True)
class _Plans:
    token: Plan[tokens.Index]
    reference: Plan[references.Index]
    logical: Plan[tokens.Index]
    date: Plan[dates.Index]
    string: Plan[strings.Index]


def extract(resource: Resource, base_url: str = "") -> IndexRows:
    """The index rows of a resource. `base_url`: this server's, so that absolute references to it are its own.

    `_id` and `_lastUpdated` have no rows.
    """
    plans = _plans(str(resource.get("resourceType")))
    return IndexRows(
        tokens=_distinct(_token_rows(resource, plans)),
        references=_distinct(
            (code, *target)
            for code, get, index in plans.reference
            for value in get(resource)
            for target in index(value, base_url)
        ),
        dates=_distinct(
            (code, *found) for code, get, index in plans.date for value in get(resource) if (found := index(value))
        ),
        strings=_distinct(
            (code, normalised, text)
            for code, get, index in plans.string
            for value in get(resource)
            for text in index(value)
            if (normalised := strings.normalise(text))
        ),
    )


def _token_rows(resource: Resource, plans: _Plans) -> Iterator[tuple[str, str, str]]:
    for code, get, index in plans.token:
        for value in get(resource):
            for system, token in index(value):
                yield code, system, token
    for code, get, index in plans.logical:
        for reference in get(resource):
            if isinstance(reference, dict) and "identifier" in reference:
                for system, token in index(reference["identifier"]):
                    yield code, system, token


def _distinct(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(dict.fromkeys(rows))


@cache
def _plans(rtype: str) -> _Plans:
    return _Plans(
        token=_plan(rtype, ParameterType.TOKEN, tokens.indexer),
        reference=_plan(rtype, ParameterType.REFERENCE, references.indexer),
        logical=tuple(_logical(rtype)),
        date=_plan(rtype, ParameterType.DATE, dates.indexer),
        string=_plan(rtype, ParameterType.STRING, strings.indexer),
    )


def _plan(rtype: str, of: ParameterType, indexer: Callable[[Branch], T | None]) -> Plan[T]:
    return tuple(
        (p.code, branch.getter(), index)
        for p in parameters(rtype).values()
        if p.type is of
        for branch in p.branches
        if (index := indexer(branch)) is not None
    )


def _logical(rtype: str) -> Iterator[tuple[str, Getter, tokens.Index]]:
    for p in parameters(rtype).values():
        for branch in p.branches:
            if p.is_reference and branch.type == "Reference":
                yield p.code + IDENTIFIER, branch.getter(), tokens.identifier_token


@cache
def _patient_getters(rtype: str) -> Sequence[Getter]:
    parameter = parameters(rtype).get(patient_parameter(rtype) or "")
    branches = parameter.branches if parameter else ()
    return [_patients(branch) for branch in branches if not branch.many]


def _patients(branch: Branch) -> Getter:
    """The values of a branch that name a Patient; most branches can name nothing else."""
    get = branch.getter()
    if branch.only or branch.targets == ("Patient",):
        return get
    is_patient = references.points_to("Patient", about_one=True)
    return lambda resource: [value for value in get(resource) if is_patient(value)]


def patient_of(resource: Resource) -> Resource | None:
    """The Reference by which a resource belongs to one Patient, literal or logical; None if it belongs to none.

    It is the single element behind the type's `patient_parameter`: subject, patient, for. What may name several
    patients (Provenance.target, AuditEvent.entity) belongs to none by itself.
    """
    for get in _patient_getters(str(resource.get("resourceType"))):
        for reference in get(resource):
            if isinstance(reference, dict):
                return reference
    return None
