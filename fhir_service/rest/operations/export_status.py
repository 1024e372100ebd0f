"""$export-status: how far an export is, and what came of it; DELETE cancels it.

https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request
"""

from datetime import UTC, datetime, timedelta

import msgspec

from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.operations._export import FILE
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.render import ALWAYS, http_date, outcome, refusal
from fhir_service.storage.export_jobs import OPEN, ExportJob
from fhir_service.workflow.export import asked_of, outputs
from fhir_service.workflow.versions import instant
from profiles.issues import Issue, error, information

JOB = Parameter("job", "string", "The export, as Content-Location names it", min=1)
NO_JOB = error("not-found", "job", "There is no such export; it was cancelled, or its time is over")
_FAILED: dict[str, Issue] = {
    "attempts": error("internal", "", "The export was broken off too often; begin a new one"),
    "error": error("internal", "", "The export failed; the operator finds the reason under its id"),
}
_CANCELLED = information("done", "", "The export is cancelled and its files are removed")
_JSON: Header = (b"content-type", b"application/json")


async def job_of(face: Face, request: Request, arguments: Arguments) -> ExportJob | None:
    """The job that is named, if it is one of the caller's."""
    job = await face.exports.find(arguments.one("job"))
    return job if job is not None and asked_of(job).by == request.by else None


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """202 while it runs, then 200 with the list of files; DELETE: 202, and it is gone."""
    job = await job_of(face, request, arguments)
    if job is None:
        return refusal(NO_JOB)
    if request.method == "DELETE":
        await face.exports.cancel(job.job_id)
        return Reply(202, ALWAYS, outcome((_CANCELLED,)))
    if job.state in OPEN:
        return Reply(202, (*ALWAYS, (b"x-progress", job.progress.encode()), (b"retry-after", b"2")))
    if job.state == "failed":
        return refusal(_FAILED[job.output])
    expires = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=job.expires)
    headers = (_JSON, *ALWAYS[1:], (b"expires", http_date(expires)))
    return Reply(200, headers, _manifest(face, job))


def _manifest(face: Face, job: ExportJob) -> bytes:
    """https://hl7.org/fhir/uv/bulkdata/export.html#response---output-manifest"""
    started = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=job.started)
    files = [
        {"type": one.rtype, "url": f"{face.base}/{FILE}?job={job.job_id}&name={one.name}", "count": one.count}
        for one in outputs(job)
    ]
    told = {
        "transactionTime": instant(started),
        "request": asked_of(job).request,
        "requiresAccessToken": False,
        "output": files,
        "error": [],
    }
    return msgspec.json.encode(told)


OPERATION = Operation(
    id="export-status",
    name="export-status",
    title="How far an export is",
    says="202 with X-Progress while an export runs, then 200 with the list of its files; DELETE cancels it.",
    serve=serve,
    levels=at(Level.SYSTEM),
    deletes=True,
    inputs=(JOB,),
)
