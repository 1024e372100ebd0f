"""Making the drafts of side effects. Who and why is filled in by `judge`."""

from collections.abc import Iterator
from typing import Any

from fhir_service.rules._elements import several
from fhir_service.rules._model import Draft, Standing
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource


def revise(standing: Standing, resource: Resource, **elements: Any) -> Draft:
    """The resource as it stands now with some elements replaced (None: removed)."""
    current = standing.get(f"{resource['resourceType']}/{resource['id']}") or resource
    after = {k: v for k, v in (current | elements).items() if v is not None}
    return Draft(current["resourceType"], current["id"], after, current)


def make(standing: Standing, resource: Resource) -> Iterator[Draft]:
    """A new resource, unless the same cause has made it before."""
    rtype, rid = resource["resourceType"], resource["id"]
    if standing.get(f"{rtype}/{rid}") is None:
        yield Draft(rtype, rid, {k: v for k, v in resource.items() if v is not None})


def with_input(task: Resource, code: str, **value: Any) -> list[Resource]:
    """The inputs of a Task and one more; the same one is not added twice."""
    entry = {"type": concept(names.TASK_INPUT, code), **value}
    return _with(several(task.get("input")), entry)


def with_output(task: Resource, system: str, code: str, **value: Any) -> list[Resource]:
    """The outputs of a Task and one more; the same one is not added twice."""
    return _with(several(task.get("output")), {"type": concept(system, code), **value})


def _with(entries: list[Resource], entry: Resource) -> list[Resource]:
    return entries if entry in entries else [*entries, entry]
