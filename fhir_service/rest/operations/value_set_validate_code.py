"""ValueSet/$validate-code.  https://hl7.org/fhir/R4/valueset-operation-validate-code.html"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._codes import told
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, at
from fhir_service.rest.operations._terminology import (
    CODE,
    CODEABLE,
    CODING,
    DISPLAY,
    SYSTEM,
    VERDICT,
    about,
    subject_and_codings,
    terminology,
)
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_expand import Key, Member, whole_systems
from fhir_service.workflow.terminology_validate import in_code_system, in_value_set
from profiles.issues import Issue


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Whether a code is in a value set."""
    known = terminology(face, request)
    meant = await subject_and_codings(known, request, arguments, "valueSet", "valueSetVersion")
    if isinstance(meant, Issue):
        return refusal(meant)
    value_set, codings = meant
    members: dict[Key, Member] | Issue = await known.members(value_set)
    if isinstance(members, Issue):
        return refusal(members)
    verdict = in_value_set(members, codings)
    systems = whole_systems(value_set) or ()
    if verdict.member is None and len(systems) == 1:  # a system for which case does not count
        system = await known.system(systems[0])
        verdict = in_code_system(system, codings) if system and not system.sensitive else verdict
    return told(verdict)


OPERATION = Operation(
    id="valueset-validate-code",
    name="validate-code",
    title="Is a code in a value set?",
    says="Whether a code, or one of several codings, is in a value set, and whether its display is one of the code.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("ValueSet",),
    inputs=(
        *about("value set", "valueSet", "valueSetVersion"),
        CODE,
        SYSTEM,
        DISPLAY,
        CODING,
        CODEABLE,
    ),
    outputs=VERDICT,
    defined=f"{HL7}/ValueSet-validate-code",
)
