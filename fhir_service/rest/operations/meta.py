"""$meta.  https://hl7.org/fhir/R4/resource-operation-meta.html"""

from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _meta
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.render import refusal
from fhir_service.storage.labels import labels, profiles
from profiles.issues import Issue
from profiles.resource import stated


async def serve(face: Face, request: Request, _: Arguments) -> Reply:
    """The meta of a resource or of a version of it; of a type, or of everything, the labels in use."""
    if not request.rid:
        return _meta.told(await _in_use(face, request))
    access = request.access
    if request.version:
        number = int(request.version) if request.version.isdecimal() and len(request.version) < 19 else 0
        stored = await face.repository.vread(request.rtype, request.rid, number, access)
    else:
        stored = await face.repository.read(request.rtype, request.rid, access)
    resource = _meta.found(stored)
    return refusal(resource) if isinstance(resource, Issue) else _meta.told(resource["meta"])


async def _in_use(face: Face, request: Request) -> dict[str, Any]:
    """Profiles, security labels and tags that current resources have; at most a thousand of a kind."""
    rtypes = (request.rtype,) if request.rtype else face.rtypes
    access = request.access
    claimed = await face.repository.ask(lambda: profiles(rtypes, access))
    security = await face.repository.ask(lambda: labels(rtypes, "_security", access))
    tags = await face.repository.ask(lambda: labels(rtypes, "_tag", access))
    found = {"profile": list(claimed), "security": _codings(security), "tag": _codings(tags)}
    return {kind: listed for kind, listed in found.items() if listed}


def _codings(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [stated({"system": system, "code": code}) for system, code in pairs]


OPERATION = Operation(
    id="resource-meta",
    name="meta",
    title="Profiles, tags and security labels",
    says="The meta of a resource or a version of it; of a type, or of everything, the labels that are in use.",
    serve=serve,
    levels=at(Level.SYSTEM, Level.TYPE, Level.INSTANCE, Level.VERSION),
    outputs=(Parameter("return", "Meta", "The meta; none where there is nothing to tell"),),
    defined=f"{HL7}/Resource-meta",
)
