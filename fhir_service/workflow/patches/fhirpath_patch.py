"""FHIRPath Patch: a Parameters resource with operations.  https://hl7.org/fhir/R4/fhirpatch.html"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_service.search.path_syntax import Member, Node
from fhir_service.workflow.patches.model import MOST_OPERATIONS, Patch
from fhir_service.workflow.patches.places import Finder, PatchError, Place, path_of, root_of, shape_below
from fhir_service.workflow.patches.sent_values import append, insert, length, put
from fhir_service.workflow.patches.shapes import Element, child
from profiles.issues import Issue, error
from profiles.resource import Resource

_PART_TYPES = {
    "type": ("valueCode", "valueString"),
    "path": ("valueString",),
    "name": ("valueString", "valueCode"),
    "index": ("valueInteger",),
    "source": ("valueInteger",),
    "destination": ("valueInteger",),
}
"""Where each part of an operation but `value` has its value."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation as it was sent; `number` is its place among them."""

    number: int
    type: str
    path: Node
    name: str = ""
    value: Resource | None = None
    index: int = -1
    source: int = -1
    destination: int = -1


def fhirpath_patch(value: Any) -> Patch | Issue:
    """The patch of a decoded body; whether its operations apply shows when they are applied."""
    if not isinstance(value, dict) or value.get("resourceType") != "Parameters":
        return error("structure", "", "A FHIRPath Patch is a Parameters resource")
    sent = value.get("parameter", [])
    if not isinstance(sent, list) or len(sent) > MOST_OPERATIONS:
        return error("structure", "Parameters.parameter", f"A patch has at most {MOST_OPERATIONS} operations")
    operations: list[_Operation] = []
    for number, parameter in enumerate(sent):
        try:
            operations.append(_operation(number, parameter))
        except PatchError as problem:
            return _refused("structure", number, problem)
    return lambda resource: _applied(resource, operations)


def _refused(code: str, number: int, problem: PatchError) -> Issue:
    return error(code, f"Parameters.parameter[{number}]", str(problem))


def _operation(number: int, parameter: Any) -> _Operation:
    if not isinstance(parameter, dict) or parameter.get("name") != "operation":
        raise PatchError("Expected a parameter with the name operation")
    told: dict[str, Any] = {}
    parts = parameter.get("part")
    for part in parts if isinstance(parts, list) else ():
        name = part.get("name") if isinstance(part, dict) else None
        if name == "value":
            told["value"] = part
        elif name in _PART_TYPES:
            told[name] = next((part[t] for t in _PART_TYPES[name] if t in part), None)
        else:
            raise PatchError(f"The parts of an operation are {', '.join(_PART_TYPES)} and value")
    kind = told.pop("type", None)
    if not isinstance(kind, str) or kind not in _NEEDED:
        raise PatchError(f"The type of an operation is one of {', '.join(_NEEDED)}")
    if any(not isinstance(told.get(name), of) or told[name] is True for name, of in _NEEDED[kind].items()):
        raise PatchError(f"{kind} needs {', '.join(_NEEDED[kind])}")
    return _Operation(number, kind, path_of(told.pop("path")), **{n: told[n] for n in _NEEDED[kind] if n in told})


_NEEDED: Mapping[str, Mapping[str, type]] = {
    "add": {"path": str, "name": str, "value": dict},
    "insert": {"path": str, "value": dict, "index": int},
    "delete": {"path": str},
    "replace": {"path": str, "value": dict},
    "move": {"path": str, "source": int, "destination": int},
}


def _applied(resource: Resource, operations: list[_Operation]) -> Resource | Issue:
    after = copy.deepcopy(resource)
    finder = Finder(root_of(after))
    for operation in operations:
        try:
            _DO[operation.type](finder, operation)
        except PatchError as problem:
            return _refused("bad-patch", operation.number, problem)
    return after


def _one(finder: Finder, path: Node) -> Place:
    found = finder.places(path)
    if len(found) != 1:
        raise PatchError(f"The path leads to {len(found) or 'no'} elements; expected one")
    return found[0]


def _element(place: Place, name: str) -> Element:
    element = child(shape_below(place), name)
    if element is None:
        raise PatchError(f"{shape_below(place).owner} has no such element there")
    return element


def _add(finder: Finder, operation: _Operation) -> None:
    place = _one(finder, operation.path)
    element = _element(place, operation.name)
    value = put(operation.value or {}, element)
    append(_object(place), value, element)


def _object(place: Place) -> Resource:
    """The object that holds the children of an element; for a primitive, that beside it."""
    if not place.shape.primitive:
        found: Resource = place.value
        return found
    if not isinstance(place.beside, dict):
        _store(place, "_" + place.name, {})
    made: Resource = place.beside
    return made


def _store(place: Place, name: str, value: Any) -> None:
    """Put a value under `name` where the place is; None takes a single one out."""
    if place.index is not None:
        items = list(place.holder.get(name, ()))
        items += [None] * (length(place.holder, place.name) - len(items))
        items[place.index] = value
        if name in place.holder or value is not None:
            place.holder[name] = items
    elif value is None:
        place.holder.pop(name, None)
    else:
        place.holder[name] = value


def _collection(finder: Finder, operation: _Operation) -> tuple[Place, Element]:
    """The element whose children the path names, and what they are."""
    match operation.path:
        case Member(None, name):
            parent = finder.root
        case Member(of, name) if of is not None:
            parent = _one(finder, of)
        case _:
            raise PatchError("The path must name a list, e.g. Patient.identifier")
    element = _element(parent, name)
    if not element.many:
        raise PatchError("The path must name a list; this element has one value at most")
    return parent, element


def _insert(finder: Finder, operation: _Operation) -> None:
    parent, element = _collection(finder, operation)
    value, holder = put(operation.value or {}, element), _object(parent)
    if not 0 <= operation.index <= length(holder, value.name):
        raise PatchError("The index is outside the list")
    insert(holder, value, operation.index)


def _move(finder: Finder, operation: _Operation) -> None:
    parent, element = _collection(finder, operation)
    holder, (name, *_) = _object(parent), tuple(element.names.values())
    size = length(holder, name)
    if not (0 <= operation.source < size and 0 <= operation.destination < size):
        raise PatchError("An index is outside the list")
    for key in (name, "_" + name):
        if key in holder:
            items = [*holder[key], *[None] * (size - len(holder[key]))]
            items.insert(operation.destination, items.pop(operation.source))
            holder[key] = items


def _replace(finder: Finder, operation: _Operation) -> None:
    place = _one(finder, operation.path)
    if place.element is None:
        raise PatchError("The resource itself is not replaced: send it as an update")
    value = put(operation.value or {}, place.element)
    if value.name != place.name:
        _rename(place, value.name)
        place = Place(place.holder, value.name, place.shape, place.element, place.parent)
    _store(place, value.name, value.plain)
    _store(place, "_" + value.name, value.beside)


def _rename(place: Place, name: str) -> None:
    """Another type of a choice, at the same place among the elements."""
    renamed = {place.name: name, "_" + place.name: "_" + name}
    items = [(renamed.get(key, key), value) for key, value in place.holder.items()]
    place.holder.clear()
    place.holder.update(items)


def _delete(finder: Finder, operation: _Operation) -> None:
    found = finder.places(operation.path)
    if len(found) > 1:
        raise PatchError(f"The path leads to {len(found)} elements; only one can be deleted")
    if found and found[0].element is None:
        raise PatchError("The resource itself is not deleted by a patch")
    if found:
        _take_out(found[0])


def _take_out(place: Place) -> None:
    """Without leaving an empty list or object behind: FHIR has none."""
    for name in (place.name, "_" + place.name):
        items = place.holder.get(name)
        if place.index is None:
            place.holder.pop(name, None)
        elif isinstance(items, list):
            kept = items[: place.index] + items[place.index + 1 :]
            place.holder[name] = kept
            if not any(item is not None for item in kept):
                del place.holder[name]
    parent = place.parent
    if parent is None or place.holder or parent.element is None:
        return
    if parent.shape.primitive and parent.value is not None:
        _store(parent, "_" + parent.name, None)
    else:
        _take_out(parent)


_DO: Mapping[str, Callable[[Finder, _Operation], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
