"""Patient/$export: what is about patients.  https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---all-patients"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _export
from fhir_service.rest.operations._model import Arguments, Level, Operation, at


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Begin an export of what is in the compartment of a patient."""
    return await _export.begun(face, request, arguments, "patient")


OPERATION = Operation(
    id="patient-export",
    name="export",
    title="Export what is about patients",
    says="Writes all patients and what is in their compartments to NDJSON files, in the background; "
    "Prefer: respond-async is needed.",
    serve=serve,
    levels=at(Level.TYPE),
    types=("Patient",),
    starts=True,
    inputs=(*_export.INPUTS, _export.PATIENT),
    defined=f"{_export.BULK}/patient-export",
)
