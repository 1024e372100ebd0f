"""What the three kick-offs of a bulk export share.  https://hl7.org/fhir/uv/bulkdata/export.html"""

import re
from datetime import datetime
from urllib.parse import urlencode

from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.links import place_of
from fhir_service.rest.operations._model import Arguments, Parameter
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.render import ALWAYS, outcome, refusal
from fhir_service.storage.instants import micros
from fhir_service.workflow.export_scope import Asked, types_at
from profiles.issues import Issue, error, information

BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
STATUS = "$export-status"
FILE = "$export-file"
NDJSON = "application/fhir+ndjson"
_FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson", "application/fhir ndjson"})
"""In an address `+` is a blank unless it is escaped."""
_ASYNC = re.compile(rb"(?:^|[,;])\s*respond-async\b", re.IGNORECASE)
_PATIENT = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9\-.]{1,64})", re.ASCII)
_NOT_ASYNC = error("bad-request", "Prefer", "An export runs in the background: send Prefer: respond-async")
_BAD_FORMAT = error("bad-parameter-value", "_outputFormat", f"The files are {NDJSON}")
_NO_PARTS = error("bad-parameter-value", "_elements", "An export has whole resources")
_BAD_TYPE = error("bad-parameter-value", "_type", "Expected types that are served and can be part of this export")
_BAD_PATIENT = error("bad-parameter-value", "patient", "Expected references as Patient/[id]")
_TOO_MANY = error("throttled", "", "Too many exports are under way; try again later")
_TAKEN = information("done", "", "The export has begun; its state is told at Content-Location")
FORMAT = Parameter("_outputFormat", "string", f"{NDJSON}, which is the default, or a shorter name of it")
SINCE = Parameter("_since", "instant", "Only what has changed since then")
TYPE = Parameter("_type", "string", "Only these resource types; several with commas between them", max="*")
PATIENT = Parameter("patient", "Reference", "Only what is about these patients", max="*")
INPUTS = (FORMAT, SINCE, TYPE)


async def begun(
    face: Face, request: Request, arguments: Arguments, level: str, patients: tuple[str, ...] | None = None
) -> Reply:
    """202 and where to ask how far it is. `patients`: those of the group."""
    if not _ASYNC.search(request.headers.get(b"prefer", b"")):
        return refusal(_NOT_ASYNC)
    if request.view.part:
        return refusal(_NO_PARTS)
    asked = _asked(face, request, arguments, level)
    if isinstance(asked, Issue):
        return refusal(asked)
    job = await face.exports.take(_among(asked, patients))
    if job is None:
        return refusal(_TOO_MANY, (b"retry-after", b"120"))
    where: Header = (b"content-location", f"{face.base}/{STATUS}?job={job.job_id}".encode())
    return Reply(202, (*ALWAYS, where), outcome((_TAKEN,)))


def _asked(face: Face, request: Request, arguments: Arguments, level: str) -> Asked | Issue:
    if arguments.one("_outputFormat") not in (None, *_FORMATS):
        return _BAD_FORMAT
    possible = types_at(level, face.rtypes)
    named = [name.strip() for value in arguments.all("_type") for name in value.split(",")]
    unknown = [name for name in named if name not in possible]
    if unknown and not is_lenient(request.headers):
        return _BAD_TYPE
    rtypes = tuple(rtype for rtype in possible if not named or rtype in named)
    found = [_PATIENT.fullmatch(str(one.get("reference", ""))) for one in arguments.all("patient")]
    if not all(found):
        return _BAD_PATIENT
    told = urlencode(arguments.used, safe=",:/") if request.method != "POST" else ""
    address = f"{face.base}/{place_of(request, '$export')}" + (f"?{told}" if told else "")
    only = tuple(match[1] for match in found if match) or None
    return Asked(address, level, rtypes, request.by, _micros(arguments.one("_since")), only)


def _among(asked: Asked, patients: tuple[str, ...] | None) -> Asked:
    """Of the patients that were named, those of the group."""
    if patients is None:
        return asked
    chosen = patients if asked.patients is None else tuple(p for p in asked.patients if p in patients)
    return Asked(asked.request, asked.level, asked.rtypes, asked.by, asked.since, chosen)


def _micros(since: str | None) -> int | None:
    if since is None:
        return None
    return micros(datetime.fromisoformat(since))
