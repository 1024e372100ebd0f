"""$export-file: one file of an export.  https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-output-file-request"""

from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.operations._export import NDJSON
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations.export_status import JOB, job_of
from fhir_service.rest.render import ALWAYS, refusal
from profiles.issues import error

_NO_FILE = error("not-found", "", "There is no such file; the export was cancelled, or its time is over")
_KIND: Header = (b"content-type", NDJSON.encode())


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The file as it was written: a resource on each line."""
    job = await job_of(face, request, arguments)
    found = None if job is None else await face.exports.file(job.job_id, arguments.one("name"))
    return refusal(_NO_FILE) if found is None else Reply(200, (_KIND, *ALWAYS[1:]), found)


OPERATION = Operation(
    id="export-file",
    name="export-file",
    title="A file of an export",
    says="One NDJSON file of an export that is done, at the address that its list of files tells.",
    serve=serve,
    levels=at(Level.SYSTEM),
    own_form=True,
    inputs=(JOB, Parameter("name", "string", "The file", min=1)),
    outputs=(Parameter("return", "Binary", "Resources, one on each line"),),
)
