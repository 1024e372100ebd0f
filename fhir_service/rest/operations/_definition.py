"""OperationDefinitions, made from what the operations declare.  https://hl7.org/fhir/R4/operationdefinition.html"""

from typing import Any

from fhir_service.rest.operations._model import Level, Operation, Parameter
from profiles.resource import Resource


def definition(operation: Operation, version: str) -> Resource:
    """The OperationDefinition of an operation. `version`: that of the software, as it comes with it."""
    named = {
        "resourceType": "OperationDefinition",
        "id": operation.id,
        "url": operation.url,
        "version": version,
        "name": "".join(word.capitalize() for word in operation.id.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "publisher": "Knutepunkt",
        "description": operation.says,
        "affectsState": operation.affects_state,
        "code": operation.name,
    }
    based = {"base": operation.defined} if operation.defined else {}
    levels = operation.levels
    told = {
        "resource": list(operation.types or ("Resource",)),
        "system": Level.SYSTEM in levels,
        "type": Level.TYPE in levels,
        "instance": bool(levels & {Level.INSTANCE, Level.VERSION}),
    }
    if Level.SYSTEM in levels and levels == {Level.SYSTEM}:
        del told["resource"]
    inputs = [_parameter(p, "in") for p in operation.inputs]
    parameters = [*inputs, *(_parameter(p, "out") for p in operation.outputs)]
    return {**named, **based, **told, **({"parameter": parameters} if parameters else {})}


def _parameter(parameter: Parameter, use: str) -> dict[str, Any]:
    told = {
        "name": parameter.name,
        "use": use,
        "min": parameter.min,
        "max": parameter.max,
        "documentation": parameter.says,
    }
    if parameter.parts:
        return {**told, "part": [_parameter(part, use) for part in parameter.parts]}
    return {**told, "type": parameter.type}
