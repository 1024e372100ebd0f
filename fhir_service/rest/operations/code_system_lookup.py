"""CodeSystem/$lookup.  https://hl7.org/fhir/R4/codesystem-operation-lookup.html"""

from collections.abc import Iterable
from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.operations._terminology import CODE, CODING, LANGUAGE, SYSTEM, terminology
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_expand import unknown
from fhir_service.workflow.terminology_systems import Concept, System, value_of
from profiles.issues import error
from profiles.resource import Resource

_NOT_THERE = error("unknown-terminology", "code", "The code system has no such code")
_ONE_CODE = error("required", "code", "Give code and system, or coding with both")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """What is known about a code."""
    url, code = _asked(arguments)
    if not url or not code:
        return refusal(_ONE_CODE)
    version = arguments.one("version")
    canonical = f"{url}|{version}" if version else url
    system = await terminology(face, request).system(canonical)
    if system is None:
        return refusal(unknown("code system", canonical))
    concept = system.find(code)
    if concept is None:
        return refusal(_NOT_THERE)
    return parameters_reply(_told(system, concept, arguments))


def _asked(arguments: Arguments) -> tuple[str | None, str | None]:
    coding = arguments.one("coding")
    if coding is not None:
        return (None, None) if arguments.one("code") else (coding.get("system"), coding.get("code"))
    return arguments.one("system"), arguments.one("code")


def _told(system: System, concept: Concept, arguments: Arguments) -> Iterable[Resource]:
    yield out("name", "string", system.name)
    if system.version:
        yield out("version", "string", system.version)
    yield out("display", "string", concept.shown(arguments.one("displayLanguage")) or concept.code)
    wanted = set(arguments.all("property"))
    if not wanted or "designation" in wanted:
        yield from (parts("designation", _designation(d)) for d in concept.designations)
    yield from (parts("property", p) for p in _properties(concept) if not wanted or p[0]["valueCode"] in wanted)


def _designation(told: Resource) -> Iterable[Resource]:
    kinds = (("language", "code"), ("use", "Coding"), ("value", "string"))
    return [out(name, kind, told[name]) for name, kind in kinds if name in told]


def _properties(concept: Concept) -> Iterable[list[Resource]]:
    """Definition, place in the hierarchy, whether it is still used, and what else the system says."""
    if concept.told.get("definition"):
        yield [out("code", "code", "definition"), out("value", "string", concept.told["definition"])]
    for name, codes in (("parent", concept.parents), ("child", concept.children)):
        yield from ([out("code", "code", name), out("value", "code", code)] for code in codes)
    if concept.inactive:
        yield [out("code", "code", "inactive"), out("value", "boolean", True)]
    for told in concept.told.get("property", ()):
        name = next(n for n in told if n.startswith("value"))
        value: Any = value_of(told)
        if told["code"] not in ("parent", "child", "inactive"):
            yield [out("code", "code", told["code"]), {"name": "value", name: value}]


OPERATION = Operation(
    id="codesystem-lookup",
    name="lookup",
    title="What is known about a code",
    says="Display, texts in other languages, hierarchy and properties of a code of a system that is known here.",
    serve=serve,
    levels=at(Level.TYPE),
    types=("CodeSystem",),
    inputs=(
        CODE,
        SYSTEM,
        Parameter("version", "string", "The version of the code system"),
        CODING,
        LANGUAGE,
        Parameter("property", "code", "What to tell; all where nothing is named", max="*"),
    ),
    outputs=(
        Parameter("name", "string", "What the code system is called", min=1),
        Parameter("version", "string", "Its version"),
        Parameter("display", "string", "What the code is called", min=1),
        Parameter(
            "designation",
            "",
            "A further text",
            max="*",
            parts=(
                Parameter("language", "code", "Its language"),
                Parameter("use", "Coding", "What it is for"),
                Parameter("value", "string", "The text", min=1),
            ),
        ),
        Parameter(
            "property",
            "",
            "Something that is known about the code",
            max="*",
            parts=(
                Parameter("code", "code", "Which property", min=1),
                Parameter("value", "Element", "Its value"),
            ),
        ),
    ),
    defined=f"{HL7}/CodeSystem-lookup",
)
