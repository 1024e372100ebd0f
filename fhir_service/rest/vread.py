"""GET [base]/[type]/[id]/_history/[version].  https://hl7.org/fhir/R4/http.html#vread"""

import re

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.read import NOT_FOUND, told
from fhir_service.rest.render import refusal

_VERSION = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


async def vread(face: Face, request: Request) -> Reply:
    """That version; 410 when it is a deletion."""
    if not _VERSION.fullmatch(request.version):
        return refusal(NOT_FOUND)
    access = request.access
    return told(await face.repository.vread(request.rtype, request.rid, int(request.version), access), request)
