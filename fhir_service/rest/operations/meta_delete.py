"""$meta-delete.  https://hl7.org/fhir/R4/resource-operation-meta-delete.html"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _meta
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, at


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Take labels away; a coding is found by its system and code."""
    return await _meta.changed(face, request, arguments.one("meta"), add=False)


OPERATION = Operation(
    id="resource-meta-delete",
    name="meta-delete",
    title="Take profiles, tags and security labels away",
    says="Takes labels from a resource; those that it does not have change nothing. The change makes a new version.",
    serve=serve,
    levels=at(Level.INSTANCE),
    affects_state=True,
    inputs=(_meta.META,),
    outputs=(_meta.RETURN,),
    defined=f"{HL7}/Resource-meta-delete",
)
