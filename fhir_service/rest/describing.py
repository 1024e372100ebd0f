"""All that describes this service in FHIR: stored at start and served like everything else, changed by nobody.

https://hl7.org/fhir/R4/conformance-module.html
"""

from collections.abc import Collection, Iterator

from fhir_service.rest.operations import definition, operations
from fhir_service.search.definition import own_parameters
from profiles.code_systems import code_systems
from profiles.conformance import definitions
from profiles.resource import Resource
from profiles.terminology import bundled


def describing(rtypes: Collection[str], version: str) -> list[Resource]:
    """Every definition of ours that is of a served type, each with its name as id. `version`: that of the software."""
    return [resource for resource in _all(version) if resource["resourceType"] in rtypes]


def _all(version: str) -> Iterator[Resource]:
    yield from (definition(operation, version) for operation in operations())
    yield from own_parameters()
    yield from definitions().values()
    for system in code_systems().values():
        yield system
        if value_set := bundled("ValueSet", str(system.get("valueSet"))):
            yield value_set
