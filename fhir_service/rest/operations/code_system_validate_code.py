"""CodeSystem/$validate-code.  https://hl7.org/fhir/R4/codesystem-operation-validate-code.html"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._codes import told
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, at
from fhir_service.rest.operations._terminology import (
    CODE,
    CODEABLE,
    CODING,
    DISPLAY,
    VERDICT,
    about,
    subject_and_codings,
    terminology,
)
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_systems import system_of
from fhir_service.workflow.terminology_validate import in_code_system
from profiles.issues import Issue


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Whether a code is in a code system."""
    meant = await subject_and_codings(terminology(face, request), request, arguments, "codeSystem", "version")
    if isinstance(meant, Issue):
        return refusal(meant)
    resource, codings = meant
    return told(in_code_system(system_of(resource), codings))


OPERATION = Operation(
    id="codesystem-validate-code",
    name="validate-code",
    title="Is a code in a code system?",
    says="Whether a code, or one of several codings, is in a code system, and whether its display is one of the code.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("CodeSystem",),
    inputs=(
        *about("code system", "codeSystem", "version"),
        CODE,
        DISPLAY,
        CODING,
        CODEABLE,
    ),
    outputs=VERDICT,
    defined=f"{HL7}/CodeSystem-validate-code",
)
