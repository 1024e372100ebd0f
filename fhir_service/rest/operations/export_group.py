"""Group/[id]/$export.  https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---group-of-patients"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations import _export
from fhir_service.rest.operations._model import Arguments, Level, Operation, at
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.storage.access import Access
from fhir_service.storage.port import Repository, Stored
from fhir_service.workflow.everything import references_in
from fhir_service.workflow.versions import encode, parse_body

MOST_GROUPS = 100
"""Groups within groups that are looked into (SR-8)."""


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """Begin an export of what is in the compartments of the members."""
    access = request.access
    group = await face.repository.read(request.rtype, request.rid, access)
    if group is None or group.deleted:
        return refusal(NOT_FOUND if group is None else DELETED)
    patients = await _members(face.repository, access, group)
    return await _export.begun(face, request, arguments, "group", patients)


async def _members(repository: Repository, access: Access, group: Stored) -> tuple[str, ...]:
    """The patients that belong to the group now, those of groups within it among them."""
    patients: dict[str, None] = {}
    seen = {group.rid}
    waiting = [group]
    while waiting:
        for rtype, rid in _named(waiting.pop()):
            if rtype == "Patient":
                patients[rid] = None
            elif rtype == "Group" and rid not in seen and len(seen) < MOST_GROUPS:
                seen.add(rid)
                within = await repository.read(rtype, rid, access)
                waiting += [within] if within and not within.deleted else []
    return tuple(patients)


def _named(group: Stored) -> list[tuple[str, str]]:
    members = parse_body(group.body).get("member", ())
    return references_in([encode(m["entity"]) for m in members if not m.get("inactive")])


OPERATION = Operation(
    id="group-export",
    name="export",
    title="Export what is about a group of patients",
    says="Writes the patients of a group and what is in their compartments to NDJSON files, in the background; "
    "Prefer: respond-async is needed.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Group",),
    starts=True,
    inputs=(*_export.INPUTS, _export.PATIENT),
    defined=f"{_export.BULK}/group-export",
)
