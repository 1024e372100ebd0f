"""The CapabilityStatement, made from what is served, so that it cannot drift.  https://hl7.org/fhir/R4/capabilitystatement.html"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from fhir_service.resources import resource_type
from fhir_service.rest.media import FHIR_JSON
from fhir_service.rest.operations import Operation, operations_of
from fhir_service.rest.routes import ROUTES, Level
from fhir_service.search import Parameter, includes, parameters, revincludes
from fhir_service.workflow.patches import FORMS
from profiles import names
from profiles.conformance import profiles_of
from profiles.definitions import compartments, version
from profiles.resource import Resource

_DOCUMENTATION = (
    "The individual plan (individuell plan, IP) and what belongs to it. Unknown search parameters, modifiers and bad "
    "values are refused with 400; Prefer: handling=lenient passes over unknown parameters only. IP plans, coordination "
    "CareTeams, case Tasks, IP Consents and IP Goals are changed with If-Match (428 without) and never deleted. "
    "Prefer: return=minimal, representation and OperationOutcome are served, and so are _summary and _elements, "
    "which keep mandatory elements and modifiers. Histories take _since, _at and _count."
)
_INTERACTIONS = (
    *("read", "vread", "update", "patch", "delete", "history-instance", "history-type", "search-type", "create"),
)
"""In the order of https://hl7.org/fhir/R4/valueset-type-restful-interaction.html"""
_OF_SYSTEM = ("transaction", "batch", "search-system", "history-system")
"""In the order of https://hl7.org/fhir/R4/valueset-system-restful-interaction.html"""
_OF_EVERY_TYPE = {
    "_content": ("http://hl7.org/fhir/SearchParameter/Resource-content", "Words anywhere in the resource"),
    "_has": ("", "What is referred to by others: _has:Observation:patient:code=..., nested as deep as chains are"),
    "_list": ("", "What a List has as its items: the id of the List"),
    "_text": ("http://hl7.org/fhir/SearchParameter/DomainResource-text", "Words of the narrative"),
}
"""Parameters without an expression: definition and what they find.  https://hl7.org/fhir/R4/search.html#all"""
_POLICIES = ("literal", "logical", "enforced")
"""https://hl7.org/fhir/R4/valueset-reference-handling-policy.html"""
_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/"


def capability_statement(rtypes: Iterable[str], base: str, software: str, made: datetime) -> bytes:
    """The statement for the endpoint at `base`. `software`: its version; `made`: when this was worked out, UTC."""
    statement: Resource = {
        "resourceType": "CapabilityStatement",
        "url": f"{names.BASE}/CapabilityStatement/knutepunkt",
        "version": software,
        "name": "Knutepunkt",
        "title": "Knutepunkt: one individual plan per person",
        "status": "active",
        "date": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "publisher": "Knutepunkt",
        "description": "What this endpoint serves",
        "kind": "instance",
        "software": {"name": "Knutepunkt", "version": software},
        "implementation": {"description": "Knutepunkt, the hub for the individual plan", "url": base},
        "fhirVersion": version(),
        "format": [FHIR_JSON, "json"],
        "patchFormat": list(FORMS),
        "rest": [_rest(sorted(rtypes))],
    }
    return msgspec.json.encode(statement)


def _rest(rtypes: list[str]) -> Resource:
    served = {route.interaction for route in ROUTES}
    about = [rtype for rtype in compartments() if rtype in rtypes]
    return {
        "mode": "server",
        "documentation": _DOCUMENTATION,
        "resource": [_resource(rtype, tuple(rtypes)) for rtype in rtypes],
        "interaction": [{"code": code} for code in _OF_SYSTEM if code in served or code == "batch"],
        "searchParam": list(_shared(rtypes)),
        **_listed("operation", map(_operation, operations_of(""))),
        **_listed("compartment", (f"{_COMPARTMENT}{rtype.lower()}" for rtype in about)),
    }


def interactions_of(rtype: str) -> tuple[str, ...]:
    """The codes of what is served of a type, conditional ones apart."""
    served = resource_type(rtype).interactions
    return tuple(code for code in _INTERACTIONS if code in served)


def _resource(rtype: str, rtypes: tuple[str, ...]) -> Resource:
    served = resource_type(rtype).interactions
    conditional = {r.interaction for r in ROUTES if r.level is Level.TYPE and r.interaction in served}
    return {
        "type": rtype,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{rtype}",
        **_listed("supportedProfile", profiles_of(rtype)),
        "interaction": [{"code": code} for code in interactions_of(rtype)],
        "versioning": "versioned",
        "readHistory": "vread" in served,
        "updateCreate": "update" in served,
        "conditionalCreate": "create" in served,
        "conditionalRead": "full-support",
        "conditionalUpdate": "update" in conditional,
        "conditionalDelete": "multiple" if "delete" in conditional else "not-supported",
        "referencePolicy": list(_POLICIES),
        **(_search(rtype, rtypes) if "search-type" in served else {}),
        **_listed("operation", map(_operation, operations_of(rtype))),
    }


def _search(rtype: str, rtypes: tuple[str, ...]) -> Resource:
    return {
        **_listed("searchInclude", includes(rtype)),
        **_listed("searchRevInclude", revincludes(rtype, rtypes)),
        "searchParam": [_parameter(p) for p in parameters(rtype).values()],
    }


def _listed(name: str, values: Iterable[Any]) -> Resource:
    """An element that is left out where it would be empty."""
    found = list(values)
    return {name: found} if found else {}


def _shared(rtypes: list[str]) -> Iterator[Resource]:
    """What every type can be searched by."""
    yield from (_parameter(p) for p in parameters(rtypes[0]).values() if p.code.startswith("_"))
    for name, (definition, told) in _OF_EVERY_TYPE.items():
        yield {
            "name": name,
            **({"definition": definition} if definition else {}),
            "type": "string",
            "documentation": told,
        }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    modifiers = ", ".join(f":{m}" for m in parameter.modifiers)
    told = {"name": parameter.code, "definition": parameter.url, "type": parameter.declared}
    return {**told, "documentation": f"Modifiers: {modifiers}"} if modifiers else told


def _operation(operation: Operation) -> Resource:
    return {"name": operation.name, "definition": operation.defined or operation.url}
