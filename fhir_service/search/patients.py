"""Whom a resource belongs to: the Patient that it names (SR-14)."""

from collections.abc import Sequence
from functools import cache

from fhir_service.search import references
from fhir_service.search.extract import Getter
from fhir_service.search.parameters import parameters, patient_parameter
from fhir_service.search.paths import Branch
from profiles.resource import Resource


@cache
def _getters(rtype: str) -> Sequence[Getter]:
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
    for get in _getters(str(resource.get("resourceType"))):
        for reference in get(resource):
            if isinstance(reference, dict):
                return reference
    return None
