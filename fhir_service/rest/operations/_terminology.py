"""What the terminology operations share: where the resource comes from, and which codings are meant."""

from typing import Any

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.operations._model import Arguments, Parameter
from fhir_service.workflow.terminology_content import Terminology
from fhir_service.workflow.terminology_expand import unknown
from fhir_service.workflow.terminology_validate import Asked
from profiles.issues import Issue, error
from profiles.resource import Resource

CODE = Parameter("code", "code", "The code")
CODING = Parameter("coding", "Coding", "The code, with its system")
CODEABLE = Parameter("codeableConcept", "CodeableConcept", "Several codings: one that fits is enough")
DISPLAY = Parameter("display", "string", "A text to be checked as well")
LANGUAGE = Parameter("displayLanguage", "code", "The language of displays, where there are any in it")
SYSTEM = Parameter("system", "uri", "The code system of the code")
RESULT = Parameter("result", "boolean", "Whether it is valid", min=1)
MESSAGE = Parameter("message", "string", "What is wrong with it, or odd")
SHOWN = Parameter("display", "string", "What the terminology calls it")
VERDICT = (RESULT, MESSAGE, SHOWN)
"""What is told of a code."""


def about(what: str, given: str, version: str) -> tuple[Parameter, ...]:
    """The parameters that name the resource of `subject`; `what` it is, in words."""
    return (
        Parameter("url", "uri", f"Canonical address of the {what}"),
        Parameter(given, given[0].upper() + given[1:], f"The {what} itself"),
        Parameter(version, "string", f"The version of the {what} that url means"),
    )


def terminology(face: Face, request: Request) -> Terminology:
    """What is stored, as far as the caller may see it, and what comes with the service."""
    return Terminology(face.repository, request.access)


async def subject(
    known: Terminology, request: Request, arguments: Arguments, given: str, version: str
) -> Resource | Issue:
    """The resource that the operation is about: of the address, of `given`, or of the parameter `url`.

    `given` and `version` are names of parameters. Exactly one of the three ways is to be used.
    """
    rtype = request.rtype
    posted, url = arguments.one(given), arguments.one("url")
    ways = [way for way in (request.rid, posted, url) if way]
    if len(ways) != 1:
        return error("required", "", f"Name one {rtype}: by its address, by url, or as {given}")
    if posted is not None:
        told: Resource = posted
        return told
    return await _named(known, request, url, arguments.one(version))


async def subject_and_codings(
    known: Terminology, request: Request, arguments: Arguments, given: str, version: str
) -> tuple[Resource, tuple[Asked, ...]] | Issue:
    """The resource as `subject` finds it, and the codings to be looked for in it."""
    resource = await subject(known, request, arguments, given, version)
    codings = codings_of(arguments)
    if isinstance(resource, Issue):
        return resource
    return codings if isinstance(codings, Issue) else (resource, codings)


async def _named(known: Terminology, request: Request, url: str | None, version: str | None) -> Resource | Issue:
    rtype = request.rtype
    if url is None:
        found = await known.find(rtype, f"{rtype}/{request.rid}")
        return found or error("not-found", "", "There is no resource of this type with this id")
    canonical = f"{url}|{version}" if version and "|" not in url else url
    return await known.find(rtype, canonical) or unknown(_KINDS[rtype], canonical)


_KINDS = {"ValueSet": "value set", "CodeSystem": "code system", "ConceptMap": "concept map"}


def codings_of(arguments: Arguments, system: str | None = None) -> tuple[Asked, ...] | Issue:
    """The codings that are asked about: of `code`, `coding` or `codeableConcept`, exactly one of them."""
    code, coding, concept = (arguments.one(name) for name in ("code", "coding", "codeableConcept"))
    if [code, coding, concept].count(None) != 2:
        return error("required", "code", "Give one of code, coding and codeableConcept")
    display = arguments.one("display")
    if code is not None:
        return (Asked(code, arguments.one("system") or system, display),)
    told: list[dict[str, Any]] = [coding] if coding is not None else concept.get("coding", [])
    return tuple(Asked(c["code"], c.get("system"), c.get("display") or display) for c in told if c.get("code"))
