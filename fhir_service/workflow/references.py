"""References to this server's own resources, however a client wrote them.  https://hl7.org/fhir/R4/references.html"""

from typing import Any, cast

from fhir_service.workflow.versions import parse_body
from profiles.resource import Resource


def parse_local(body: bytes, base_url: str) -> Resource:
    """A stored resource, its references as `local` writes them; most name no server at all."""
    resource = parse_body(body)
    return local(resource, base_url) if base_url.encode() in body else resource


def local(resource: Resource, base_url: str) -> Resource:
    """The resource with `<base_url>/Type/id` written `Type/id` in every Reference, the form that rules compare."""
    prefix = base_url + "/"

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {k: walk(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return value.removeprefix(prefix) if name == "reference" and isinstance(value, str) else value

    return cast(Resource, walk(resource))
