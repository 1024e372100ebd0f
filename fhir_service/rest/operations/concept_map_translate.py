"""ConceptMap/$translate.  https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from collections.abc import Iterable

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.operations._terminology import CODE, CODEABLE, CODING, SYSTEM, codings_of, subject, terminology
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_content import Terminology
from fhir_service.workflow.terminology_translate import Match, Wanted, other_maps, translated
from profiles.issues import Issue, error
from profiles.resource import Resource, stated

_NAME_A_SYSTEM = error("required", "system", "Name the system of the code, or a concept map")
_DEPTH = 3
"""Maps that are asked because another one says so (`unmapped.mode = other-map`)."""


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """What a code becomes in another code system."""
    codings = codings_of(arguments)
    if isinstance(codings, Issue):
        return refusal(codings)
    known = terminology(face, request)
    target, reverse = arguments.one("targetsystem"), bool(arguments.one("reverse"))
    wanted = [Wanted(c.code, c.system, target, reverse) for c in codings]
    maps = await _maps(known, request, arguments, wanted)
    if isinstance(maps, Issue):
        return refusal(maps)
    matches = [m for concept_map in maps for w in wanted for m in await _asked(known, concept_map, w, _DEPTH)]
    return parameters_reply(_told(matches))


async def _maps(
    known: Terminology, request: Request, arguments: Arguments, wanted: Iterable[Wanted]
) -> tuple[Resource, ...] | Issue:
    """The map that is named, or all from the system of the code, between the value sets that are named."""
    if request.rid or arguments.one("url") or arguments.one("conceptMap"):
        named = await subject(known, request, arguments, "conceptMap", "conceptMapVersion")
        return named if isinstance(named, Issue) else (named,)
    systems = {w.system for w in wanted if w.system}
    if not systems:
        return _NAME_A_SYSTEM
    found = await known.maps(sorted(systems), reverse=bool(arguments.one("reverse")))
    source, target = arguments.one("source"), arguments.one("target")
    return tuple(m for m in found if _between(m, "source", source) and _between(m, "target", target))


def _between(concept_map: Resource, end: str, value_set: str | None) -> bool:
    return value_set is None or value_set in (concept_map.get(f"{end}Uri"), concept_map.get(f"{end}Canonical"))


async def _asked(known: Terminology, concept_map: Resource, wanted: Wanted, depth: int) -> tuple[Match, ...]:
    matches = translated(concept_map, wanted)
    if matches or depth == 0:
        return matches
    others = [await known.find("ConceptMap", url) for url in other_maps(concept_map)]
    return tuple([m for other in others if other for m in await _asked(known, other, wanted, depth - 1)])


def _told(matches: list[Match]) -> Iterable[Resource]:
    found = any(match.counts for match in matches)
    yield out("result", "boolean", found)
    if not found:
        yield out("message", "string", "No translation is known here")
    for match in dict.fromkeys(matches):
        coding = stated({"system": match.system, "code": match.code, "display": match.display})
        concept = [out("concept", "Coding", coding)] if match.code else []
        source = [out("source", "uri", match.source)]
        yield parts("match", [out("equivalence", "code", match.equivalence), *concept, *source])


OPERATION = Operation(
    id="conceptmap-translate",
    name="translate",
    title="Translate a code",
    says="What a code becomes by a concept map that is stored here, comes with R4 or this service, or is sent.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("ConceptMap",),
    inputs=(
        Parameter("url", "uri", "Canonical address of the concept map"),
        Parameter("conceptMap", "ConceptMap", "The concept map itself"),
        Parameter("conceptMapVersion", "string", "The version of the concept map that url means"),
        CODE,
        SYSTEM,
        Parameter("source", "uri", "The value set that the code comes from: only maps from it are asked"),
        CODING,
        CODEABLE,
        Parameter("target", "uri", "The value set to end in: only maps into it are asked"),
        Parameter("targetsystem", "uri", "The code system to end in"),
        Parameter("reverse", "boolean", "From target to source"),
    ),
    outputs=(
        Parameter("result", "boolean", "Whether there is a translation", min=1),
        Parameter("message", "string", "Why there is none"),
        Parameter(
            "match",
            "",
            "What a map says",
            max="*",
            parts=(
                Parameter("equivalence", "code", "How well it fits"),
                Parameter("concept", "Coding", "The translation"),
                Parameter("source", "uri", "The map that says so"),
            ),
        ),
    ),
    defined=f"{HL7}/ConceptMap-translate",
)
