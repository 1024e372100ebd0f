"""GET [base]/metadata.  https://hl7.org/fhir/R4/http.html#capabilities"""

from functools import cache

import msgspec

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.render import ALWAYS, refusal
from profiles import names
from profiles.issues import error
from profiles.terminology import bundled_urls

_WHOLE = ("full", "normative")
"""Of `normative` a server may give more than the normative parts."""
_MODES = error("bad-parameter-value", "mode", "Expected full, normative or terminology")


async def capabilities(face: Face, request: Request) -> Reply:
    """The CapabilityStatement, made at start; with `mode=terminology` the TerminologyCapabilities."""
    modes = [value for name, value in request.parameters if name == "mode"]
    if any(mode not in (*_WHOLE, "terminology") for mode in modes) or len(modes) > 1:
        return refusal(_MODES)
    return Reply(200, ALWAYS, _terminology(face.capability) if modes == ["terminology"] else face.capability)


@cache
def _terminology(statement: bytes) -> bytes:
    """What the terminology operations know without anything stored.  https://hl7.org/fhir/R4/terminologycapabilities.html"""
    software = msgspec.json.decode(statement)
    told = {name: software[name] for name in ("version", "date", "publisher", "kind", "software", "implementation")}
    return msgspec.json.encode(
        {
            "resourceType": "TerminologyCapabilities",
            "url": f"{names.BASE}/TerminologyCapabilities/knutepunkt",
            "name": "KnutepunktTerminology",
            "title": "The terminology that Knutepunkt brings along",
            "status": "active",
            **told,
            "description": "Code systems that are known here before any is stored",
            "codeSystem": [{"uri": url} for url in bundled_urls("CodeSystem")],
            "expansion": {"hierarchical": False, "paging": True, "incomplete": False},
            "codeSearch": "all",
            "validateCode": {"translations": False},
            "translation": {"needsMap": True},
            "closure": {"translation": False},
        }
    )
