"""$meta-add.  https://hl7.org/fhir/R4/resource-operation-meta-add.html

The change is a new version like any other: what a resource was labelled with at a time stays readable (SR-15).
"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _meta
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, at


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Add labels that are not there yet."""
    return await _meta.changed(face, request, arguments.one("meta"), add=True)


OPERATION = Operation(
    id="resource-meta-add",
    name="meta-add",
    title="Add profiles, tags and security labels",
    says="Adds labels to a resource; those that it has already change nothing. The change makes a new version.",
    serve=serve,
    levels=at(Level.INSTANCE),
    affects_state=True,
    inputs=(_meta.META,),
    outputs=(_meta.RETURN,),
    defined=f"{HL7}/Resource-meta-add",
)
