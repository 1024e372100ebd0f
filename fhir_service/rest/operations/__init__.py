"""The operations that are served (`$name`), each declared in one module, and how one is called.

https://hl7.org/fhir/R4/operations.html
"""

from collections.abc import Iterable
from functools import cache

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._arguments import arguments_of
from fhir_service.rest.operations._definition import definition
from fhir_service.rest.operations._model import Level, Operation, Parameter
from fhir_service.rest.render import refusal
from mappings.registry import discover

__all__ = ["Level", "Operation", "Parameter", "call", "definition", "operation_at", "operations", "operations_of"]


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, by id."""
    return tuple(discover(__name__, "OPERATION", Operation, key=lambda entry: entry.id).values())


def operations_of(rtype: str) -> Iterable[Operation]:
    """Those of a type, for the CapabilityStatement; of the whole endpoint where `rtype` is empty."""
    levels = [Level.TYPE, Level.INSTANCE, Level.VERSION] if rtype else [Level.SYSTEM]
    return (o for o in operations() if any(o.is_at(level, rtype) for level in levels))


@cache
def operation_at(level: Level, rtype: str, name: str) -> Operation | None:
    """The operation `$name` at a level of a type; None where there is none. `name` without the `$`."""
    return next((o for o in operations() if o.name == name and o.is_at(level, rtype)), None)


async def call(operation: Operation, face: Face, request: Request) -> Reply:
    """Read the parameters and do it. The router has seen to it that the method is one of `operation.methods`.

    `request.rtype`, `.rid` and `.version` are what the address names, each empty where it names none.
    """
    arguments = await arguments_of(operation, face, request)
    if isinstance(arguments, tuple):
        return refusal(arguments)
    return await operation.serve(face, request, arguments)
