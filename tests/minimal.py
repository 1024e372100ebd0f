"""The smallest valid resource of any type, made from the definitions: its required elements and nothing else."""

from collections.abc import Mapping
from typing import Any

from profiles.definitions import Element, codes, elements, kinds

FIRST = {
    "boolean": True,
    "integer": 1,
    "positiveInt": 1,
    "unsignedInt": 1,
    "decimal": 1,
    "date": "2026-03-01",
    "dateTime": "2026-03-01T12:00:00+01:00",
    "instant": "2026-03-01T12:00:00+01:00",
    "time": "12:00:00",
    "base64Binary": "TWFya2U=",
    "uri": "urn:example:minimal",
    "url": "urn:example:minimal",
    "canonical": "urn:example:minimal",
    "oid": "urn:oid:1.2.3",
    "uuid": "urn:uuid:5d2b3c1a-8d0e-4b57-9f39-1f0a5ad1c006",
    "id": "minimal",
    "code": "minimal",
    "markdown": "Minimal",
    "string": "Minimal",
    "http://hl7.org/fhirpath/System.String": "Minimal",
}
"""A value of each primitive type."""
PREFERRED = ("active", "final", "finished", "booked", "proposed", "draft", "planned", "completed", "collection", "html")
"""Of the codes that are possible, those that ask for nothing more."""
CONCEPT = {"coding": [{"system": "urn:example:codes", "code": "minimal"}]}
_ACTIVE = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
}
ALSO: Mapping[str, dict[str, Any]] = {
    "AllergyIntolerance": {"clinicalStatus": _ACTIVE},
    "Appointment": {"status": "proposed", "participant": [{"actor": {"display": "Minimal"}, "status": "accepted"}]},
    "AppointmentResponse": {"actor": {"display": "Minimal"}},
    "Bundle": {"type": "collection"},
    "CapabilityStatement": {
        "kind": "requirements",
        "description": "Minimal",
        "rest": [{"mode": "server"}],
        "fhirVersion": "4.0.1",
    },
    "Consent": {"policyRule": CONCEPT},
    "EvidenceVariable": {"characteristic": [{"definitionCanonical": "urn:example:minimal"}]},
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "Minimal"}]},
    "ImmunizationRecommendation": {"recommendation": [{"vaccineCode": [CONCEPT], "forecastStatus": CONCEPT}]},
    "InsurancePlan": {"name": "Minimal"},
    "Linkage": {"item": [{"type": "source", "resource": {"display": "Minimal"}}] * 2},
    "TerminologyCapabilities": {"kind": "requirements", "description": "Minimal"},
    "ImplementationGuide": {"fhirVersion": ["4.0.1"], "packageId": "minimal.example", "name": "Minimal"},
    "List": {"status": "current", "mode": "working"},
    "NamingSystem": {"kind": "identifier", "uniqueId": [{"type": "uri", "value": "urn:example:minimal"}]},
    "OperationDefinition": {"code": "minimal", "name": "Minimal", "system": True, "type": False, "instance": False},
    "Organization": {"name": "Minimal"},
    "OrganizationAffiliation": {"code": [CONCEPT]},
    "Provenance": {"agent": [{"who": {"display": "Minimal"}}]},
    "Questionnaire": {"name": "Minimal"},
    "SearchParameter": {"name": "Minimal", "expression": "Patient.name", "type": "string", "base": ["Patient"]},
    "Slot": {"status": "free"},
    "StructureDefinition": {
        "url": "urn:example:minimal",
        "name": "Minimal",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient", "path": "Patient"}]},
    },
    "Subscription": {
        "status": "requested",
        "criteria": "Patient?",
        "channel": {"type": "rest-hook", "endpoint": "urn:x"},
    },
    "ValueSet": {"name": "Minimal"},
}  # fmt: skip
"""What invariants ask of a type, and codes that mean the least."""


def minimal(rtype: str, known: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A valid resource. `known`: type -> reference to one that is there, for references that must be given."""
    made = {"resourceType": rtype, **_content(rtype, "", known or {})}
    return made | ALSO.get(rtype, {})


def _content(type_name: str, below: str, known: Mapping[str, str]) -> dict[str, Any]:
    """The required elements directly below a path of a type."""
    made: dict[str, Any] = {}
    for element in elements(type_name):
        if element.min == 0 or not element.path.startswith(below) or "." in element.path[len(below) :]:
            continue
        name, value = _member(type_name, element, element.path[len(below) :], known)
        made[name] = value if element.max == 1 else [value]
    return made


def _member(type_name: str, element: Element, name: str, known: Mapping[str, str]) -> tuple[str, Any]:
    chosen = next((t for t in element.types if t.code in ("CodeableConcept", "string", "boolean")), None)
    chosen = chosen or (element.types[0] if element.types else None)
    if chosen is None or chosen.code in ("BackboneElement", "Element"):
        return name, _content(type_name, f"{element.path}.", known) or {"id": "minimal"}
    if name.endswith("[x]"):
        name = name[:-3] + chosen.code[0].upper() + chosen.code[1:]
    if chosen.code == "Reference":
        return name, _reference(chosen.targets, known)
    return name, value_of(chosen.code, element.binding, known)


def _reference(targets: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    found = [t for t in (targets if "Resource" not in targets else ("Patient", *targets)) if t in known]
    return {"reference": known[found[0]]} if found else {"display": "Minimal"}


def value_of(code: str, binding: str = "", known: Mapping[str, str] | None = None) -> Any:
    """A value of a data type; one of the codes if it is bound to a value set."""
    if code == "CodeableConcept":
        return CONCEPT
    if binding and (listed := codes(binding)):
        return next((c for c in PREFERRED if c in listed), min(listed))
    if kinds().get(code) == "complex-type":
        return _content(code, "", known or {}) or ALSO_COMPLEX.get(code, {"id": "minimal"})
    return FIRST.get(code, "Minimal")


ALSO_COMPLEX: Mapping[str, dict[str, Any]] = {
    "Coding": {"system": "urn:example:codes", "code": "minimal"},
    "Identifier": {"system": "urn:example:ids", "value": "minimal"},
    "Attachment": {"contentType": "text/plain", "data": "TWFya2U="},
    "Period": {"start": "2026-03-01"},
    "Quantity": {"value": 1},
    "Money": {"value": 1, "currency": "NOK"},
    "Timing": {"event": ["2026-03-01"]},
    "Dosage": {"text": "Minimal"},
    "UsageContext": {"code": {"code": "x"}, "valueCodeableConcept": CONCEPT},
}
