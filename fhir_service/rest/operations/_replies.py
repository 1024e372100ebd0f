"""What operations answer: one resource bare, or a Parameters.  https://hl7.org/fhir/R4/operations.html#response"""

from collections.abc import Iterable
from typing import Any

from fhir_service.rest.exchange import Header, Reply
from fhir_service.rest.render import ALWAYS
from fhir_service.workflow.versions import encode
from profiles.resource import Resource


def resource_reply(resource: Resource, *more: Header) -> Reply:
    """200 with a resource as the body."""
    return Reply(200, (*ALWAYS, *more), encode(resource))


def parameters_reply(parameters: Iterable[Resource]) -> Reply:
    """200 with a Parameters of these; it stands empty where there are none."""
    listed = list(parameters)
    return resource_reply({"resourceType": "Parameters", **({"parameter": listed} if listed else {})})


def out(name: str, type_: str, value: Any) -> Resource:
    """One out-parameter."""
    return {"name": name, f"value{type_[0].upper()}{type_[1:]}": value}


def parts(name: str, listed: Iterable[Resource]) -> Resource:
    """One out-parameter that has parts."""
    return {"name": name, "part": list(listed)}
