"""A snapshot as a tree of rows.  https://hl7.org/fhir/R4/elementdefinition.html#id"""

from dataclasses import dataclass, field
from typing import Any, Final

MOST_ROWS: Final = 5_000


class Unreadable(Exception):
    """The snapshot is not a tree of elements; the text says why."""


@dataclass(slots=True)
class Row:
    """One element, or one slice of it. `name` is that of the element, without `[x]`."""

    id: str
    name: str
    definition: dict[str, Any]
    slice: str = ""
    children: list["Row"] = field(default_factory=list)
    slices: list["Row"] = field(default_factory=list)

    @property
    def min(self) -> int:
        """How often it must be there."""
        found = self.definition.get("min")
        return found if type(found) is int else 0

    @property
    def max(self) -> int | None:
        """How often it may be there; None: any number."""
        found = self.definition.get("max")
        return int(found) if type(found) is str and found.isascii() and found.isdigit() and len(found) < 10 else None

    def choice(self, stem: str) -> Any:
        """The value of `fixed[x]` and the like; None where there is none."""
        named = (name for name in self.definition if name.startswith(stem) and name[len(stem) :][:1].isupper())
        return next((self.definition[name] for name in named), None)

    def dicts(self, name: str) -> list[dict[str, Any]]:
        """The objects in a list of the definition."""
        return dicts(self.definition.get(name))

    def below(self, name: str) -> "Row | None":
        """The child of a name."""
        return next((child for child in self.children if child.name == name), None)


def dicts(found: object) -> list[dict[str, Any]]:
    """The objects in a list, if it is one."""
    return [item for item in found if type(item) is dict] if type(found) is list else []


def strings(found: object) -> list[str]:
    """The texts in a list, if it is one."""
    return [item for item in found if type(item) is str] if type(found) is list else []


def tree(elements: list[dict[str, Any]]) -> tuple[Row, list[str]]:
    """The root, and the slices of slices, which are left out; raises Unreadable."""
    if not elements or len(elements) > MOST_ROWS:
        raise Unreadable(f"a snapshot has between 1 and {MOST_ROWS} elements")
    known: dict[str, Row] = {}
    left_out: list[str] = []
    for definition in elements:
        row = _row(definition)
        if any("/" in part.partition(":")[2] for part in row.id.split(".")):
            left_out.append(row.id)
            continue
        if known:
            _put(row, known)
        known[row.id] = row
    return next(iter(known.values())), left_out


def _row(definition: dict[str, Any]) -> Row:
    rid = definition.get("id")
    if type(rid) is not str or not rid:
        raise Unreadable("an element of the snapshot has no id")
    name, _, slice_name = rid.rpartition(".")[2].partition(":")
    return Row(rid, name.removesuffix("[x]"), definition, slice_name)


def _put(row: Row, known: dict[str, Row]) -> None:
    """Where the row belongs in the tree."""
    above, dot, last = row.id.rpartition(".")
    sliced = known.get(above + dot + last.partition(":")[0]) if row.slice else None
    if sliced is not None:
        sliced.slices.append(row)
        return
    # a name without a sliced element is but a label: `Composition.date:IssueDate`
    holder = known.get(above)
    if holder is None:
        raise Unreadable(f"the element {row.id[:200]} has no place in the snapshot")
    holder.children.append(row)
