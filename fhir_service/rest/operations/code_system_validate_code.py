"""CodeSystem/$validate-code.  https://hl7.org/fhir/R4/codesystem-operation-validate-code.html"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._codes import told
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._terminology import (
    CODE,
    CODEABLE,
    CODING,
    DISPLAY,
    MESSAGE,
    RESULT,
    SHOWN,
    codings_of,
    subject,
    terminology,
)
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_systems import system_of
from fhir_service.workflow.terminology_validate import in_code_system
from profiles.issues import Issue


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Whether a code is in a code system."""
    known = terminology(face, request)
    resource = await subject(known, request, arguments, "codeSystem", "version")
    codings = codings_of(arguments)
    if isinstance(resource, Issue):
        return refusal(resource)
    if isinstance(codings, Issue):
        return refusal(codings)
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
        Parameter("url", "uri", "Canonical address of the code system"),
        Parameter("codeSystem", "CodeSystem", "The code system itself"),
        Parameter("version", "string", "The version of the code system that url means"),
        CODE,
        DISPLAY,
        CODING,
        CODEABLE,
    ),
    outputs=(RESULT, MESSAGE, SHOWN),
    defined=f"{HL7}/CodeSystem-validate-code",
)
