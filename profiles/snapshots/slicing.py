"""Slices: which items belong to which, and what holds of each.  https://hl7.org/fhir/R4/profiling.html#slicing"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from profiles.checking.problem import Problem
from profiles.fhirpath import Node, Unsupported
from profiles.snapshots.judging import Around, Judge, below

Placed: TypeAlias = tuple[str, Node]
Matches: TypeAlias = Callable[[Node, Around], bool]


class Slice(NamedTuple):
    """`matches` says which items belong to it, `judge` what is wrong with one of them."""

    name: str
    min: int
    max: int | None
    matches: Matches
    judge: Judge


class Slicing(NamedTuple):
    """`rules`: open, openAtEnd or closed. `name` is that of the sliced element."""

    name: str
    rules: str
    ordered: bool
    slices: Sequence[Slice]
    told_by: str

    def judge(self, items: Iterable[Placed], around: Around) -> Iterator[Problem]:
        """What is wrong with the items and their number."""
        members: list[list[str]] = [[] for _ in self.slices]
        order: list[tuple[str, int | None]] = []
        for place, node in items:
            try:
                around.allowance.spend(len(self.slices))
            except Unsupported:
                yield Problem(place, "too-costly", f"cannot be judged here: too many items and slices ({self.told_by})")
                return
            index = next((i for i, one in enumerate(self.slices) if one.matches(node, around)), None)
            order.append((place, index))
            if index is not None:
                members[index].append(place)
                if id(node.value) not in around.kept:
                    yield from below(place, self.slices[index].judge(node, around))
        yield from self._counted(members)
        yield from self._unmatched(order)
        yield from self._ordered([(place, index) for place, index in order if index is not None])

    def _counted(self, members: list[list[str]]) -> Iterator[Problem]:
        for one, places in zip(self.slices, members, strict=True):
            if len(places) < one.min:
                words = f"at least {one.min} of slice {one.name} ({self.told_by})"
                yield Problem(f".{self.name}", "required", words)
            if one.max is not None and len(places) > one.max:
                yield Problem(places[one.max], "structure", f"at most {one.max} of slice {one.name} ({self.told_by})")

    def _unmatched(self, order: list[tuple[str, int | None]]) -> Iterator[Problem]:
        """`closed` allows no other items, `openAtEnd` only after all that belong to a slice."""
        last = max((i for i, (_, index) in enumerate(order) if index is not None), default=-1)
        for position, (place, index) in enumerate(order):
            if index is None and self.rules == "closed":
                yield Problem(place, "structure", f"belongs to no slice, and there are no others ({self.told_by})")
            elif index is None and self.rules == "openAtEnd" and position < last:
                yield Problem(place, "structure", f"belongs to no slice and must come after them ({self.told_by})")

    def _ordered(self, found: list[tuple[str, int]]) -> Iterator[Problem]:
        highest = -1
        for place, index in found if self.ordered else ():
            if index < highest:
                yield Problem(place, "structure", f"must come in the order of the slices ({self.told_by})")
            highest = max(highest, index)
