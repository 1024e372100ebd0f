"""$export: everything.  https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---system-level-export"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _export
from fhir_service.rest.operations._model import Arguments, Level, Operation, at


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Begin an export of all types that are served."""
    return await _export.begun(face, request, arguments, "system")


OPERATION = Operation(
    id="export",
    name="export",
    title="Export everything",
    says="Writes all current resources to NDJSON files, in the background; Prefer: respond-async is needed.",
    serve=serve,
    levels=at(Level.SYSTEM),
    starts=True,
    inputs=_export.INPUTS,
    defined=f"{_export.BULK}/export",
)
