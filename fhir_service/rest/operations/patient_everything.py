"""Patient/$everything.  https://hl7.org/fhir/R4/patient-operation-everything.html"""

from dataclasses import replace

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.links import Paged, links, place_of
from fhir_service.rest.operations import _everything
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import searchset
from fhir_service.search.query import ROOM
from fhir_service.workflow.everything import Reading, Wished, beside, everything_of_patients
from profiles.issues import Issue, warning

_CUT = warning("too-costly", "", "These resources refer to more than one page may bring; ask for fewer with _count")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """One page of the compartment of a patient, or of all patients, and what it refers to."""
    access = request.access
    if request.rid:
        patient = await face.repository.read(request.rtype, request.rid, access)
        if patient is None or patient.deleted:
            return refusal(NOT_FOUND if patient is None else DELETED)
    rtypes, count = _everything.types_of(face, arguments), _everything.count_of(arguments)
    if isinstance(rtypes, Issue):
        return refusal(rtypes)
    if isinstance(count, Issue):
        return refusal(count)
    wished = Wished(rtypes, *(arguments.one(name) for name in ("start", "end", "_since")))
    query = everything_of_patients(wished, request.rid or None, face.base)
    if isinstance(query, tuple):
        return refusal(query)
    first = arguments.after is None
    only_counted = request.view.summary == "count"
    query = replace(query, count=0 if only_counted else count, after=arguments.after, total=first)
    page = await face.repository.search(query, access)
    reading = Reading(face.repository, access, room=max(ROOM - sum(len(m.body) for m in page.matches), ROOM // 4))
    named = await beside(reading, page.matches, rtypes)
    total = page.total if first else arguments.total
    paged = Paged(place_of(request, "$everything"), _everything.used(request, arguments), arguments.token, total)
    shown = replace(page, included=tuple(named), total=total)
    told = (_CUT,) if reading.cut else ()
    listed = links(face, paged, page.following, request.view)
    return Reply(200, ALWAYS, searchset(face.base, shown, listed, told, request.view))


OPERATION = Operation(
    id="patient-everything",
    name="everything",
    title="Everything about a patient",
    says="The patient, all resources in the compartment of the patient, and what these refer to (practitioners, "
    "organisations, places), page by page. Without an id: of all patients.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    types=("Patient",),
    pages=True,
    bundles=True,
    inputs=(
        Parameter("start", "date", "Only care from this day on; what has no date is always part of it"),
        Parameter("end", "date", "Only care up to this day; what has no date is always part of it"),
        _everything.SINCE,
        _everything.TYPE,
        _everything.COUNT,
    ),
    outputs=(_everything.RETURN,),
    defined=f"{HL7}/Patient-everything",
)
