"""Media types: what a client sends and what it accepts.  https://hl7.org/fhir/R4/http.html#mime-type"""

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qsl

from fhir_service.rest.exchange import PLAIN, Parameters, View
from fhir_service.rest.views import with_part
from profiles.issues import Issue, error

OF_VIEW = frozenset({"_format", "_pretty", "_summary", "_elements"})
"""Parameters about the form of the answer, known at every address.  https://hl7.org/fhir/R4/http.html#parameters"""
FHIR_JSON = "application/fhir+json"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TEXT_JSON = "text/json"
RESOURCE_TYPES = (FHIR_JSON, JSON, TEXT_JSON)
_NAMED = frozenset(RESOURCE_TYPES)
_SERVED = _NAMED | {"*/*", "application/*"}
_LINES = frozenset({"application/fhir+ndjson"})
"""Forms of FHIR that some address has as its own."""
_ANY_FORM = View(any_form=True)
_FORMATS = frozenset({"json", FHIR_JSON, "application/fhir json", JSON, TEXT_JSON})
"""Values of `_format`; in an address `+` is a blank unless it is escaped."""
_RESOURCES = frozenset({FHIR_JSON, JSON, "application/fhir+xml"})
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*", re.ASCII)
"""Of a form that may stand in a header of ours."""
_BOOLEANS = {"true": True, "false": False}
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))')
MOST_PARAMETERS = 200
_ESCAPED = re.compile(rb"[^!-~]|[%+]")
"""What makes decoding an address more than taking it apart."""
_NOT_ACCEPTABLE = f"This server answers in {FHIR_JSON} (FHIR 4.0); FHIR XML is not served"


@lru_cache(maxsize=512)
def sent_as(content_type: bytes | None, encoding: bytes | None, expected: tuple[str, ...]) -> Issue | None:
    """Whether a body that says to be of this type is read here; `expected` are those that are."""
    told = f"Expected Content-Type: {' or '.join(expected)}"
    if encoding not in (None, b"", b"identity"):
        return error("unsupported-media-type", "Content-Encoding", "Send the body without a Content-Encoding")
    if content_type is None:
        return error("unsupported-media-type", "Content-Type", told)
    name, parameters = _parsed(content_type.decode("latin-1"))
    if name not in expected:
        return error("unsupported-media-type", "Content-Type", told)
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        return error("unsupported-media-type", "Content-Type", "The only charset is utf-8")
    if not _is_r4(parameters):
        return error("unsupported-media-type", "Content-Type", "The only fhirVersion is 4.0")
    return None


def view_of(accept: bytes | None, query: bytes) -> tuple[View, Parameters] | Issue:
    """How the answer is to look and what else the address asks for, or what cannot be done about it."""
    if not query:
        view = accepted(accept)
        return view if isinstance(view, Issue) else (view, [])
    parameters = decoded(query)
    return parameters if isinstance(parameters, Issue) else view_with(accept, parameters)


def view_with(accept: bytes | None, parameters: Parameters) -> tuple[View, Parameters] | Issue:
    """As `view_of`, for decoded parameters: `_format` wins over `Accept`."""
    asked = [(name, value) for name, value in parameters if name in OF_VIEW]
    formats = [value for name, value in asked if name == "_format"]
    if any(_parsed(value)[0] not in _FORMATS for value in formats):
        return error("not-acceptable", "_format", _NOT_ACCEPTABLE)
    view = PLAIN if formats else accepted(accept)
    if isinstance(view, Issue) or not asked:
        return view if isinstance(view, Issue) else (view, parameters)
    pretty = [value for name, value in asked if name == "_pretty"]
    if any(value not in _BOOLEANS for value in pretty):
        return error("bad-parameter-value", "_pretty", "Expected true or false")
    form = _parsed(formats[0])[0].replace(" ", "+") if formats else ""
    view = with_part(replace(view, pretty=any(_BOOLEANS[value] for value in pretty), form=form), asked)
    rest = [(name, value) for name, value in parameters if name not in OF_VIEW]
    return view if isinstance(view, Issue) else (view, rest)


def decoded(query: bytes) -> Parameters | Issue:
    """The parameters of an address or form, in order."""
    if not _ESCAPED.search(query):  # most are plain
        parts = query.decode("ascii").split("&")
        if len(parts) <= MOST_PARAMETERS:
            return [(name, value) for name, _, value in (part.partition("=") for part in parts if part)]
    try:
        return parse_qsl(query.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:  # not UTF-8, or too many
        return error("bad-request", "", f"Expected at most {MOST_PARAMETERS} parameters in UTF-8")


@lru_cache(maxsize=512)
def accepted(accept: bytes | None) -> View | Issue:
    """What the Accept header allows; something else than FHIR JSON is `native`.  RFC 9110 12.5.1"""
    if not accept or not accept.strip():
        return _ANY_FORM
    ranges = [_parsed(part) for part in accept.decode("latin-1").split(",")]
    wanted = [(name, parameters) for name, parameters in ranges if name and not _refused(parameters)]
    served = {name for name, parameters in wanted if name in _SERVED and _is_r4(parameters)}
    if served:
        return PLAIN if served & _NAMED else _ANY_FORM
    named = [name for name, _ in wanted if name not in _LINES]
    if not wanted or any("fhir" in name or name in _SERVED for name in named):
        return error("not-acceptable", "Accept", _NOT_ACCEPTABLE)
    return View(native=True)


def own_form(content_type: bytes | None) -> str | None:
    """The media type of a Binary sent as it is; None for a resource, and for what is no media type."""
    told = (content_type or b"").decode("latin-1").strip()
    return None if _parsed(told)[0] in _RESOURCES or not MEDIA_TYPE.fullmatch(told) else told


def not_acceptable() -> Issue:
    """For a resource without a form of its own."""
    return error("not-acceptable", "Accept", _NOT_ACCEPTABLE)


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    name, semicolon, rest = text.partition(";")
    found = _PARAMETER.findall(semicolon + rest)
    return name.strip().lower(), {key.lower(): quoted or bare for key, quoted, bare in found}


def _refused(parameters: dict[str, str]) -> bool:
    return re.fullmatch(r"0(\.0*)?", parameters.get("q", "1")) is not None


def _is_r4(parameters: dict[str, str]) -> bool:
    return parameters.get("fhirversion", "4.0") in ("4.0", "4.0.1")
