"""ValueSet/$expand.  https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from datetime import UTC, datetime
from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import resource_reply
from fhir_service.rest.operations._terminology import LANGUAGE, about, subject, terminology
from fhir_service.rest.render import refusal
from fhir_service.workflow.terminology_expand import Member, Members
from fhir_service.workflow.versions import instant
from profiles.issues import Issue, error
from profiles.resource import Resource, stated

MOST_AT_ONCE = 5_000
"""Codes of one answer; who wants more asks for pages."""
_TOO_MANY = error("too-costly", "", f"There are more than {MOST_AT_ONCE} codes: narrow with filter, or use count")
_BAD_RANGE = error("bad-parameter-value", "count", "offset and count are 0 or more")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The codes of a value set, as a ValueSet with an expansion."""
    known = terminology(face, request)
    value_set = await subject(known, request, arguments, "valueSet", "valueSetVersion")
    if isinstance(value_set, Issue):
        return refusal(value_set)
    if min(arguments.one("offset") or 0, arguments.one("count") or 0) < 0:
        return refusal(_BAD_RANGE)
    members = await known.members(value_set)
    if isinstance(members, Issue):
        return refusal(members)
    chosen = _chosen(members, arguments)
    if arguments.one("count") is None and len(chosen) > MOST_AT_ONCE:
        return refusal(_TOO_MANY)
    return resource_reply(_expansion(value_set, chosen, arguments))


def _chosen(members: Members, arguments: Arguments) -> list[Member]:
    words = (arguments.one("filter") or "").casefold().split()
    active = arguments.one("activeOnly")
    return [m for m in members.values() if not (active and m.inactive) and _has(m, words)]


def _has(member: Member, words: list[str]) -> bool:
    """Whether each word is in the code or in one of its texts."""
    if not words:
        return True
    texts = f"{member.code} {member.display} {' '.join(str(d.get('value', '')) for d in member.designations)}"
    folded = texts.casefold()
    return all(word in folded for word in words)


def _shown(member: Member, language: str | None) -> str:
    """The display in the language that is asked for, as far as there is one."""
    told = (d for d in member.designations if str(d.get("language", "")).casefold() == (language or "").casefold())
    return next((str(d["value"]) for d in told if language), member.display)


def _expansion(value_set: Resource, chosen: list[Member], arguments: Arguments) -> Resource:
    offset = arguments.one("offset") or 0
    count = arguments.one("count")
    page = chosen[offset : offset + min(MOST_AT_ONCE, len(chosen) if count is None else count)]
    kept: Resource = {n: value_set[n] for n in ("id", "url", "version", "name", "title") if n in value_set}
    designated = bool(arguments.one("includeDesignations"))
    language = arguments.one("displayLanguage")
    contains = [_contained(m, _shown(m, language), designated=designated) for m in page]
    expansion = {
        "timestamp": instant(datetime.now(UTC)),
        "total": len(chosen),
        "offset": offset,
        "parameter": list(_used(arguments)),
        "contains": contains,
    }
    asked = {name: value for name, value in expansion.items() if value not in ([], None)}
    return {"resourceType": "ValueSet", **kept, "status": value_set.get("status", "active"), "expansion": asked}


def _contained(member: Member, shown: str, *, designated: bool) -> Resource:
    told: Resource = {
        "system": member.system,
        "abstract": member.abstract or None,
        "inactive": member.inactive or None,
        "version": member.version,
        "code": member.code,
        "display": shown,
        "designation": list(member.designations) if designated else None,
    }
    return stated(told)


def _used(arguments: Arguments) -> list[Resource]:
    """The parameters that shaped the expansion.  https://hl7.org/fhir/R4/valueset-definitions.html"""
    used: list[tuple[str, str, Any]] = [
        (p.name, p.type, arguments.one(p.name)) for p in _SHAPING if arguments.one(p.name) is not None
    ]
    return [{"name": name, f"value{_TOLD.get(kind, 'String')}": value} for name, kind, value in used]


_TOLD = {"boolean": "Boolean", "integer": "Integer", "code": "Code"}
_SHAPING = (
    Parameter("filter", "string", "Words that are in the code or one of its texts"),
    Parameter("offset", "integer", "How many codes to pass over"),
    Parameter("count", "integer", "How many codes to tell at most; 0: only how many there are"),
    Parameter("includeDesignations", "boolean", "Whether to tell the texts of other languages and uses"),
    Parameter("activeOnly", "boolean", "Whether to leave out what is no longer to be used"),
    Parameter("excludeNested", "boolean", "The expansion is flat in any case"),
    LANGUAGE,
)
OPERATION = Operation(
    id="valueset-expand",
    name="expand",
    title="Expand a value set",
    says="The codes of a value set: of one that is stored here, comes with R4 or this service, or is sent.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("ValueSet",),
    inputs=(
        *about("value set", "valueSet", "valueSetVersion"),
        *_SHAPING,
    ),
    outputs=(Parameter("return", "ValueSet", "The value set with its expansion", min=1),),
    defined=f"{HL7}/ValueSet-expand",
)
