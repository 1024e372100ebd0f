"""Values of any element as the text of a parameter."""

from typing import Any

from fhir_service.rest.operations._replies import out
from fhir_service.workflow.versions import encode
from profiles.resource import Resource


def told(name: str, value: Any) -> list[Resource]:
    """The parameter; a text as it is, anything else as JSON. None where there is no value."""
    if value is None or value == "":
        return []
    return [out(name, "string", value if isinstance(value, str) else encode(value).decode())]
