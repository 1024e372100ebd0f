"""CodeSystem/$subsumes.  https://hl7.org/fhir/R4/codesystem-operation-subsumes.html"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply
from fhir_service.rest.operations._terminology import SYSTEM, terminology
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_content import Terminology
from fhir_service.workflow.terminology_expand import unknown
from fhir_service.workflow.terminology_systems import System, system_of
from profiles.issues import Issue, error

_TWO_CODES = error("required", "codeA", "Give codeA and codeB, or codingA and codingB")
_TWO_SYSTEMS = error("bad-parameter-value", "system", "Both codes are of one code system; name that one")
_NOT_THERE = error("unknown-terminology", "", "The code system does not have both codes")
_NO_SYSTEM = error("not-found", "", "There is no resource of this type with this id")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """How two codes of one system stand to each other."""
    pair = _pair(arguments)
    if isinstance(pair, Issue):
        return refusal(pair)
    system = await _system(terminology(face, request), request, arguments)
    if isinstance(system, Issue):
        return refusal(system)
    a, b = (system.find(code) for code in pair)
    if a is None or b is None:
        return refusal(_NOT_THERE)
    above = b in system.above(a.code)
    below = b in system.below(a.code)
    return parameters_reply([out("outcome", "code", _OUTCOMES[above, below])])


_OUTCOMES = {
    (True, True): "equivalent",
    (False, True): "subsumes",
    (True, False): "subsumed-by",
    (False, False): "not-subsumed",
}


def _pair(arguments: Arguments) -> tuple[str, str] | Issue:
    codes = arguments.one("codeA"), arguments.one("codeB")
    codings = arguments.one("codingA"), arguments.one("codingB")
    if None not in codings and codes == (None, None):
        codes = codings[0].get("code"), codings[1].get("code")
    elif codings != (None, None):
        return _TWO_CODES
    return _TWO_CODES if None in codes else codes


async def _system(known: Terminology, request: Request, arguments: Arguments) -> System | Issue:
    if request.rid:
        found = await known.find("CodeSystem", f"CodeSystem/{request.rid}")
        return _NO_SYSTEM if found is None else system_of(found)
    codings = (arguments.one("codingA"), arguments.one("codingB"))
    urls = {arguments.one("system"), *(c.get("system") for c in codings if c)} - {None}
    if len(urls) != 1:
        return _TWO_SYSTEMS
    version = arguments.one("version")
    canonical = urls.pop() + (f"|{version}" if version else "")
    return await known.system(canonical) or unknown("code system", canonical)


OPERATION = Operation(
    id="codesystem-subsumes",
    name="subsumes",
    title="How two codes stand to each other",
    says="Whether one code of a system subsumes another.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("CodeSystem",),
    inputs=(
        Parameter("codeA", "code", "The one code"),
        Parameter("codeB", "code", "The other code"),
        SYSTEM,
        Parameter("version", "string", "The version of the code system"),
        Parameter("codingA", "Coding", "The one code, with its system"),
        Parameter("codingB", "Coding", "The other code, with its system"),
    ),
    outputs=(Parameter("outcome", "code", "equivalent, subsumes, subsumed-by or not-subsumed", min=1),),
    defined=f"{HL7}/CodeSystem-subsumes",
)
