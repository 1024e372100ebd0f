"""Whole resources: which check a resource gets, and what holds between it and its contained ones.

https://hl7.org/fhir/R4/references.html#contained
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from profiles.checking.compiler import datatypes, resource_shape
from profiles.checking.objects import object_of
from profiles.checking.problem import Check, Problem, Problems, one
from profiles.checking.references import points_to
from profiles.checking.rules.looking import Json, child, children, has, text
from profiles.definitions import resource_types


def resource(value: Any) -> Problems:
    """A resource that stands for itself: of a request or in a Bundle."""
    if type(value) is not dict:
        return one("structure", "must be a JSON object")
    rtype = value.get("resourceType")
    if type(rtype) is str and rtype in resource_types():
        return _whole(value, _of_type(rtype)(value))
    return one("structure", "must name a resource type of FHIR R4 in resourceType", ".resourceType")


def _contained(value: Any) -> Problems:
    """A resource inside another: its references are judged by the one around it, and it contains none (dom-2)."""
    rtype = value.get("resourceType") if type(value) is dict else None
    if type(rtype) is not str or rtype not in resource_types():
        return one("structure", "must be a resource with a resourceType of FHIR R4")
    problems = list(_of_type(rtype)({k: v for k, v in value.items() if k != "contained"}) or ())
    return problems + list(_not_when_contained(value)) or None


def _not_when_contained(value: Json) -> Iterator[Problem]:
    meta = child(value, "meta")
    if "contained" in value:
        yield Problem(".contained", "invariant", "dom-2: a contained resource does not contain others")
    if has(meta, "versionId") or has(meta, "lastUpdated"):
        yield Problem(".meta", "invariant", "dom-4: a contained resource has no versionId and no lastUpdated")
    if has(meta, "security"):
        yield Problem(".meta.security", "invariant", "dom-5: a contained resource has no security label of its own")


def _held(name: str) -> Check:
    """The check of the resources in an element."""
    return _contained if name == "contained" else resource


@cache
def _of_type(rtype: str) -> Check:
    return object_of(resource_shape(rtype, _held), object_of(datatypes()["Element"], None))


def _whole(value: Json, problems: Problems) -> Problems:
    """Judge the local references, and whether each contained resource has its place (ref-1, dom-3)."""
    if problems is None and "contained" not in value:
        return None
    inside = {text(c, "id"): text(c, "resourceType") for c in children(value, "contained")}
    judged = [p if p.local is None else _local(p, inside) for p in problems or ()]
    return [p for p in judged if p is not None] + list(_unused(value)) or None


def _local(problem: Problem, inside: Mapping[str, str]) -> Problem | None:
    """A reference into `contained`; `#` alone means the resource around and is for contained ones only."""
    if problem.local == "":
        return (
            None if problem.at.startswith(".contained[") else problem._replace(text="# is for contained resources only")
        )
    if problem.local not in inside:
        return problem._replace(text="ref-1: no contained resource has this id")
    return None if points_to(inside[problem.local or ""], problem.targets) else problem


def _unused(value: Json) -> Iterator[Problem]:
    """dom-3: a contained resource is referred to from elsewhere, or refers to the resource around."""
    if "contained" not in value:
        return
    everywhere = {name for name in _fragments({k: v for k, v in value.items() if k != "text"}) if name}
    found = value["contained"]
    for index, one_inside in enumerate(found if type(found) is list else ()):
        if type(one_inside) is dict and text(one_inside, "id") not in everywhere and "" not in _fragments(one_inside):
            words = "dom-3: a contained resource is referred to by the resource around it, or refers to it"
            yield Problem(f".contained[{index}]", "invariant", words)


def _fragments(value: Any) -> set[str]:
    """What stands after the # of each string that begins with one, at any depth."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is dict:
            waiting.extend(item.values())
        elif type(item) is list:
            waiting.extend(item)
        elif type(item) is str and item.startswith("#"):
            found.add(item[1:])
    return found
