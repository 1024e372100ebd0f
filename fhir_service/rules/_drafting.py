"""Making the drafts of side effects. Who and why is filled in by `judge`."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from fhir_service.rules._elements import several
from fhir_service.rules._model import Draft, Standing
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import TaskInput, TaskOutput
from profiles.resource import Resource, stated

_T = TypeVar("_T")


def revise(standing: Standing, resource: Resource, **elements: Any) -> Draft:
    """The resource as it stands now with some elements replaced (None: removed)."""
    current = standing.get(f"{resource['resourceType']}/{resource['id']}") or resource
    after = {k: v for k, v in (current | elements).items() if v is not None}
    return Draft(current["resourceType"], current["id"], after, current)


def make(standing: Standing, resource: Mapping[str, Any]) -> Iterator[Draft]:
    """A new resource, unless the same cause has made it before."""
    rtype, rid = resource["resourceType"], resource["id"]
    if standing.get(f"{rtype}/{rid}") is None:
        yield Draft(rtype, rid, stated(dict(resource)))


def with_input(task: Mapping[str, Any], code: str, value: TaskInput) -> list[TaskInput]:
    """The inputs of a Task and one more with this value; the same one is not added twice."""
    entry: TaskInput = {"type": concept(names.TASK_INPUT, code), **value}
    return _with(several(task.get("input")), entry)


def with_output(task: Resource, system: str, code: str, value: TaskOutput) -> list[TaskOutput]:
    """The outputs of a Task and one more with this value; the same one is not added twice."""
    entry: TaskOutput = {"type": concept(system, code), **value}
    return _with(several(task.get("output")), entry)


def _with(entries: list[_T], entry: _T) -> list[_T]:
    return entries if entry in entries else [*entries, entry]
