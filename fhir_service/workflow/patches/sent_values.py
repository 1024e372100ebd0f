"""The values of a FHIRPath Patch: what the `value` part of an operation puts where.

https://hl7.org/fhir/R4/fhirpatch.html  A value of a named type comes as `value[x]`; one of a type without a name as
parts, each named like the element that it is.
"""

from dataclasses import dataclass
from typing import Any

from fhir_service.workflow.patches.places import PatchError
from fhir_service.workflow.patches.shapes import Element, Shape, child, fits
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Put:
    """A value for an element: under which JSON name, and what stands beside it (`_name`)."""

    name: str
    plain: Any
    beside: Any = None


def put(part: Resource, element: Element) -> Put:
    """The value of a part for an element. Raises PatchError if it is of another type."""
    if "resource" in part:
        return Put(_typed("Resource", element)[0], part["resource"])
    if isinstance(part.get("part"), list):
        ((name, shape),) = _complex(element)
        return Put(name, _object(part["part"], shape))
    sent = [name for name in part if name.startswith(("value", "_value"))]
    kinds = {name.removeprefix("_")[len("value") :] for name in sent}
    if len(kinds) != 1 or kinds == {""}:
        raise PatchError("An operation has one value[x], or parts")
    kind = kinds.pop()
    return Put(_typed(kind, element)[0], part.get(f"value{kind}"), part.get(f"_value{kind}"))


def _typed(kind: str, element: Element) -> tuple[str, str]:
    """(JSON name, type) by the type in `value[x]`."""
    for code, name in element.names.items():
        if code and code[0].upper() + code[1:] == kind:
            return name, code
    sent = kind[:1].lower() + kind[1:]
    near = [(name, code) for code, name in element.names.items() if fits(sent, code)]
    if len(element.names) > 1 or not near:
        raise PatchError(f"The value must be of type {' or '.join(sorted(filter(None, element.names)))}".rstrip())
    return near[0]


def _complex(element: Element) -> list[tuple[str, Shape]]:
    found = [(element.names[code], shape) for code, shape in element.shapes.items() if not shape.primitive]
    if len(element.shapes) != 1 or not found:
        raise PatchError("A value in parts is for an element with children")
    return found


def _object(parts: list[Any], shape: Shape) -> Resource:
    built: Resource = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        element = child(shape, name) if isinstance(name, str) else None
        if element is None:
            raise PatchError("A part of the value names no element of its type")
        append(built, put(part, element), element)
    return built


def append(holder: Resource, value: Put, element: Element) -> None:
    """Put a value behind what is there; where there may be one only, nothing may be there. Raises PatchError."""
    if element.many:
        insert(holder, value, length(holder, value.name))
    elif any(name in holder or "_" + name in holder for name in element.names.values()):
        raise PatchError("There is a value already, and can be one only: replace it")
    else:
        _set(holder, value.name, value.plain)
        _set(holder, "_" + value.name, value.beside)


def _set(holder: Resource, name: str, value: Any) -> None:
    if value is not None:
        holder[name] = value


def length(holder: Resource, name: str) -> int:
    """How many there are under a name, with and without a value."""
    return max(len(holder.get(name, ())), len(holder.get("_" + name, ())))


def insert(holder: Resource, value: Put, index: int) -> None:
    """Put a value into a list before number `index`; the list of what stands beside keeps step."""
    size = length(holder, value.name)
    for name, item in ((value.name, value.plain), ("_" + value.name, value.beside)):
        if item is None and name not in holder:
            continue
        items = list(holder.get(name, ()))
        items += [None] * (size - len(items))
        items.insert(index, item)
        holder[name] = items
