"""Whom a resource belongs to: the Patient that it names (SR-14)."""

from collections.abc import Sequence
from functools import cache

from fhir_service.search import references
from fhir_service.search.extract import Getter
from fhir_service.search.parameters import parameters, patient_parameter
from fhir_service.search.paths import Branch
from profiles.definitions import patient_compartment
from profiles.resource import Resource

RECORDS = frozenset({"AuditEvent", "Provenance"})
"""They name all that was touched, of whoever it is: to name one patient among it makes them nobody's."""


@cache
def _getters(rtype: str) -> Sequence[Getter]:
    parameter = parameters(rtype).get(patient_parameter(rtype) or "")
    branches = parameter.branches if parameter else ()
    return [_patients(branch) for branch in branches if not branch.many]


@cache
def _further(rtype: str) -> Sequence[Getter]:
    """Where a type that is about several, or about nobody in particular, names Patients whose compartment it is in."""
    if rtype in RECORDS or rtype == "Patient" or _getters(rtype):
        return ()
    known = parameters(rtype)
    branches = [branch for code in patient_compartment(rtype) if code in known for branch in known[code].branches]
    return [_of_type(branch) for branch in branches]


def _of_type(branch: Branch) -> Getter:
    get, is_patient = branch.getter(), references.points_to("Patient", about_one=False)
    return lambda resource: [value for value in get(resource) if is_patient(value)]


def _told(reference: Resource) -> tuple[str, str]:
    """Whom a reference names: by its address, or by an identifier."""
    identifier = reference.get("identifier")
    value = f"{identifier.get('system')}|{identifier.get('value')}" if isinstance(identifier, dict) else ""
    literal = reference.get("reference")
    return (literal, "") if isinstance(literal, str) else ("", value)


def _patients(branch: Branch) -> Getter:
    """The values of a branch that name a Patient; most branches can name nothing else."""
    get = branch.getter()
    if branch.only or branch.targets == ("Patient",):
        return get
    is_patient = references.points_to("Patient", about_one=True)
    return lambda resource: [value for value in get(resource) if is_patient(value)]


def patient_of(resource: Resource) -> Resource | None:
    """The Reference by which a resource belongs to one Patient, literal or logical; None if it belongs to none.

    It is the single element behind the type's `patient_parameter`: subject, patient, for. Who performs or is told is
    not who it is about. Of a type without such an element (Appointment, Group) it is the only Patient that puts it into
    a patient's compartment. Records (Provenance, AuditEvent) belong to none by themselves.
    https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    """
    rtype = str(resource.get("resourceType"))
    for get in _getters(rtype):
        for reference in get(resource):
            if isinstance(reference, dict):
                return reference
    named = {_told(reference): reference for get in _further(rtype) for reference in get(resource)}
    return next(iter(named.values())) if len(named) == 1 else None
