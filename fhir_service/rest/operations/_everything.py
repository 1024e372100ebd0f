"""The parameters of both `$everything`, and what they mean."""

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.operations._model import Arguments, Parameter
from fhir_service.rest.views import parameters_of
from profiles.definitions import resource_types
from profiles.issues import Issue, error

SINCE = Parameter("_since", "instant", "Only what has changed since then")
TYPE = Parameter("_type", "code", "Only these resource types; several with commas between them", max="*")
COUNT = Parameter("_count", "integer", "Resources on a page; at most 1000")
RETURN = Parameter("return", "Bundle", "Everything, as a searchset", min=1)
_BAD_TYPE = error("bad-parameter-value", "_type", "Expected names of resource types that are served")
_BAD_COUNT = error("bad-parameter-value", "_count", "Expected a number from 0")


def types_of(face: Face, arguments: Arguments) -> tuple[str, ...] | Issue:
    """The types that are wanted: all that are served where none is named."""
    named = [name.strip() for value in arguments.all("_type") for name in value.split(",")]
    if any(name not in face.rtypes or name not in resource_types() for name in named):
        return _BAD_TYPE
    return tuple(dict.fromkeys(named)) or face.rtypes


def count_of(arguments: Arguments, default: int = 50) -> int | Issue:
    """How many on a page; more than 1000 are 1000 (SR-8)."""
    count = arguments.one("_count")
    if count is None:
        return default
    return _BAD_COUNT if count < 0 else min(count, 1000)


def used(request: Request, arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """The parameters as they stand in the links, those about the form of the answer among them."""
    return (*arguments.used, *parameters_of(request.view))
