"""The CapabilityStatement, made from what is served, so that it cannot drift.  https://hl7.org/fhir/R4/capabilitystatement.html"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from fhir_service.resources import resource_type
from fhir_service.rest.media import FHIR_JSON, JSON_PATCH
from fhir_service.search import Parameter, includes, parameters
from profiles import names
from profiles.definitions import version
from profiles.resource import Resource

_DOCUMENTATION = (
    "The individual plan (individuell plan, IP) and what belongs to it. Unknown search parameters, modifiers and bad "
    "values are refused with 400; Prefer: handling=lenient passes over unknown parameters only. IP plans, coordination "
    "CareTeams, case Tasks, IP Consents and IP Goals are changed with If-Match (428 without) and never deleted. "
    "Prefer: return=minimal, representation and OperationOutcome are served."
)
_INTERACTIONS = ("read", "vread", "update", "patch", "delete", "search-type", "create")
"""In the order of https://hl7.org/fhir/R4/valueset-type-restful-interaction.html"""


def capability_statement(rtypes: Iterable[str], base: str, software: str, made: datetime) -> bytes:
    """The statement for the endpoint at `base`. `software`: its version; `made`: when this was worked out, UTC."""
    statement: Resource = {
        "resourceType": "CapabilityStatement",
        "url": f"{names.BASE}/CapabilityStatement/knutepunkt",
        "name": "Knutepunkt",
        "title": "Knutepunkt: one individual plan per person",
        "status": "active",
        "date": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "kind": "instance",
        "software": {"name": "Knutepunkt", "version": software},
        "implementation": {"description": "Knutepunkt, the hub for the individual plan", "url": base},
        "fhirVersion": version(),
        "format": [FHIR_JSON, "json"],
        "patchFormat": [JSON_PATCH],
        "rest": [_rest(rtypes)],
    }
    return msgspec.json.encode(statement)


def _rest(rtypes: Iterable[str]) -> Resource:
    return {"mode": "server", "documentation": _DOCUMENTATION, "resource": [_resource(r) for r in sorted(rtypes)]}


def _resource(rtype: str) -> Resource:
    served = resource_type(rtype).interactions
    return {
        "type": rtype,
        "interaction": [{"code": code} for code in _INTERACTIONS if code in served],
        "versioning": "versioned",
        "readHistory": "vread" in served,
        "updateCreate": "update" in served,
        "conditionalCreate": "create" in served,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        **_search(rtype, served),
    }


def _search(rtype: str, served: frozenset[str]) -> Resource:
    if "search-type" not in served:
        return {}
    included = list(includes(rtype))
    listed = [_parameter(p) for p in parameters(rtype).values()]
    return {**({"searchInclude": included} if included else {}), "searchParam": listed}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    modifiers = ", ".join(f":{m}" for m in parameter.modifiers)
    told = {"name": parameter.code, "definition": parameter.url, "type": parameter.declared}
    return {**told, "documentation": f"Modifiers: {modifiers}"} if modifiers else told
