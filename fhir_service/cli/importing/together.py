"""A transaction without the individual plan that the person has already."""

from collections.abc import Callable
from typing import Any

from fhir_service.cli.importing.wanted import IMPORTED, transaction
from profiles.resource import Resource

_IN_FORCE = frozenset({"draft", "active", "on-hold"})


def without_plans(bundle: Resource) -> tuple[Resource, Callable[[Resource], list[Resource]]]:
    """(the Bundle without its plans, a function that gives the plans once the answer to the rest is there).

    References of the plans to what was in the Bundle are then those that the service gave.
    """
    rest = [entry for entry in bundle["entry"] if not _is_plan(entry["resource"])]
    plans = [entry["resource"] for entry in bundle["entry"] if _is_plan(entry["resource"])]

    def plans_in(answer: Resource) -> list[Resource]:
        given = dict(zip((e.get("fullUrl") for e in rest), map(_place, answer.get("entry") or ()), strict=False))
        return [_renamed(plan, given) for plan in plans]

    return transaction(rest), plans_in


def _is_plan(resource: Resource) -> bool:
    """Whether it is an individual plan that counts: what was marked is one."""
    tags = (resource.get("meta") or {}).get("tag") or ()
    return resource.get("resourceType") == "CarePlan" and IMPORTED in tags and resource.get("status") in _IN_FORCE


def _place(entry: Resource) -> str:
    """`Type/id` from a location."""
    parts = str((entry.get("response") or {}).get("location")).split("/_history/")[0].split("/")
    return "/".join(parts[-2:])


def _renamed(value: Any, given: dict[Any, str]) -> Any:
    if isinstance(value, dict):
        return {k: given.get(v, v) if k == "reference" else _renamed(v, given) for k, v in value.items()}
    return [_renamed(one, given) for one in value] if isinstance(value, list) else value
