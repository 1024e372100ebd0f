"""SearchParameters, made from what the resource types declare.  https://hl7.org/fhir/R4/searchparameter.html"""

from collections.abc import Iterator

from fhir_service.resources import declared_types, resource_type
from fhir_service.search.parameters import parameters
from profiles.conformance import VERSION
from profiles.resource import Resource


def own_parameters() -> Iterator[Resource]:
    """The definition of each search parameter of our own (workflow.md 9), by type and code."""
    for rtype in declared_types():
        for own in resource_type(rtype).parameters:
            served = parameters(rtype)[own.code]
            definition: Resource = {
                "resourceType": "SearchParameter",
                "id": served.url.rpartition("/")[2],
                "url": served.url,
                "version": VERSION,
                "name": "".join(word.capitalize() for word in f"{rtype}-{own.code}".split("-")),
                "status": "active",
                "publisher": "Knutepunkt",
                "description": own.says,
                "code": own.code,
                "base": [rtype],
                "type": own.type,
                "expression": own.expression,
                "xpathUsage": "normal",
            }
            if own.targets:
                definition["target"] = list(own.targets)
            if served.comparators:
                definition["comparator"] = [prefix.value for prefix in served.comparators]
            if served.modifiers:
                definition["modifier"] = list(served.modifiers)
            yield definition
