"""From the snapshot of a StructureDefinition to the check of a resource.  https://hl7.org/fhir/R4/profiling.html"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from profiles.checking.problem import Problem
from profiles.definitions import kinds
from profiles.fhirpath import Node, Unsupported, compile_expression, node_of
from profiles.fhirpath.scope import Allowance
from profiles.issues import Issue, error, information
from profiles.resource import Resource
from profiles.snapshots import discriminators
from profiles.snapshots.discriminators import Undecidable
from profiles.snapshots.extensions import Extensions
from profiles.snapshots.invariants import is_own, of_rule
from profiles.snapshots.items import counted, of_items
from profiles.snapshots.judging import MOST_PROBLEMS, Around, Judge, below, joined
from profiles.snapshots.kept import NOTHING_KEPT, Kept
from profiles.snapshots.known import CORE, Lookup, base_type, canonical, core_type
from profiles.snapshots.rows import Row, Unreadable, dicts, strings, tree
from profiles.snapshots.slicing import Matches, Slice, Slicing
from profiles.snapshots.unchanged import is_unchanged
from profiles.snapshots.value_sets import codes_of
from profiles.snapshots.values import bound, of_types, of_value, pointing_to

ABSTRACT = ("Resource", "DomainResource", "Element")
SIMPLE_QUANTITY = CORE + "SimpleQuantity"
MOST_NOTES = 20
MOST_PROFILES = 100
"""Profiles that one profile may lean on, of data types and extensions."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that resources can be checked against.

    `url` and `version` name it; `notes` tell what of it is not judged here, each with its reason.
    """

    url: str
    version: str
    type: str
    judge: Judge
    notes: tuple[Issue, ...] = ()

    def check(
        self, value: dict[str, Any], allowance: Allowance, extensions: Extensions, kept: Kept = NOTHING_KEPT
    ) -> list[Problem]:
        """What is wrong with a resource by this profile, besides what is wrong with it as R4.

        `allowance`: what the judging may take, shared by all profiles of the resource; `extensions`: those in it;
        `kept`: what of it was judged before. The profile of an extension is that of each extension in the resource that
        has its address.
        """
        rtype = value.get("resourceType")
        if self.type == "Extension":
            return list(self._of_extensions(value, allowance, extensions))[:MOST_PROBLEMS]
        if rtype != self.type and self.type not in ABSTRACT:
            return [Problem("", "structure", f"{self.url} is a profile of {self.type}")]
        root = node_of(value, self.type)
        return self.judge(root, Around(root, root, allowance=allowance, kept=kept))[:MOST_PROBLEMS]

    def _of_extensions(self, value: dict[str, Any], allowance: Allowance, extensions: Extensions) -> Iterator[Problem]:
        root = node_of(value, "")
        around = Around(root, root, allowance=allowance)
        for place, extension in extensions:
            if extension.get("url") == self.url:
                yield from below(place, self.judge(Node(extension, "Extension"), around))


def nothing_known(url: str) -> None:
    """The lookup of one who has nothing at hand."""


def compile_profile(definition: Resource, lookup: Lookup = nothing_known) -> Profile | tuple[Issue, ...]:
    """The profile of a StructureDefinition with a snapshot, or why there is none.

    `lookup` brings the profiles of data types and extensions, value sets and code systems that it speaks of.
    """
    url = definition.get("url")
    name = url if type(url) is str and url and url.isprintable() else "StructureDefinition"
    compiling = _Compiling(lookup)
    try:
        judge = compiling.profile(definition)
    except Unreadable as reason:
        return (error("profile-unusable", name[:300], f"cannot be used to check resources: {reason}"),)
    except RecursionError:
        return (error("profile-unusable", name[:300], "cannot be used to check resources: too many levels"),)
    version = definition.get("version")
    return Profile(
        name, version if type(version) is str else "", str(definition.get("type")), judge, compiling.told(name)
    )


def _without_comparator(node: Node, around: Around) -> list[Problem]:
    """The one profile of a data type that R4 itself uses everywhere (sqty-1)."""
    held = type(node.value) is dict and "comparator" in node.value
    return [Problem("", "invariant", "sqty-1: The comparator is not used on a SimpleQuantity")] if held else []


@dataclass(slots=True)
class _Compiling:
    """One profile and those that it leans on."""

    lookup: Lookup
    notes: dict[str, None] = field(default_factory=dict)
    made: dict[str, Judge] = field(default_factory=lambda: {SIMPLE_QUANTITY: _without_comparator})
    """The checks of profiles, by address."""

    def told(self, url: str) -> tuple[Issue, ...]:
        return tuple(information("profile-partly", url[:300], text) for text in list(self.notes)[:MOST_NOTES])

    def note(self, text: str) -> None:
        self.notes[text[:400]] = None

    def profile(self, definition: Resource) -> Judge:
        """The check of a whole profile; raises Unreadable."""
        snapshot = definition.get("snapshot")
        if definition.get("resourceType") != "StructureDefinition" or type(snapshot) is not dict:
            raise Unreadable("it has no snapshot")
        if str(definition.get("type")) not in kinds():
            raise Unreadable("it is not of a type of FHIR R4")
        root, left_out = tree(dicts(snapshot.get("element")))
        for rid in left_out:
            self.note(f"a slice of a slice is not judged: {rid}")
        by = str(definition.get("name") or definition.get("url"))[:80]
        return _OneProfile(self, by).row(root) or (lambda node, around: [])

    def of_address(self, url: str) -> Judge | None:
        """The check of another profile by its address, made when it is first met; None if it is not at hand."""
        if url not in self.made:
            found = self.lookup(url) if len(self.made) < MOST_PROFILES else None
            if found is None:
                self.note(f"a profile that is not at hand is not judged: {url}")
                return None
            # one that speaks of itself finds this, and by the time it is asked the check is there
            self.made[url] = lambda node, around: self.made[url](node, around)
            self.made[url] = self.profile(found)
        return self.made[url]


@dataclass(slots=True)
class _OneProfile:
    """The rows of one snapshot. `by` is what messages call the profile."""

    compiling: _Compiling
    by: str
    judges: dict[str, Judge] = field(default_factory=dict)
    """By the id of the row; where content is repeated, the judge of the row that it repeats."""

    def row(self, row: Row) -> Judge | None:
        """What is wrong with one value of an element; None where the row says nothing about it."""
        parts = [*self._of_one(row), *(part for child in row.children for part in self._child(child))]
        if reference := row.definition.get("contentReference"):
            parts.append(self._repeated(str(reference).partition("#")[2]))
        if not parts:
            return None
        self.judges[row.id] = judge = joined(parts)
        return judge

    def _repeated(self, rid: str) -> Judge:
        return lambda node, around: self.judges[rid](node, around) if rid in self.judges else []

    def _of_one(self, row: Row) -> Iterator[Judge]:
        yield from of_value(row, self.by)
        if "." in row.id and not is_unchanged(row):  # the root is of the type that the profile is of
            yield from of_types(row, self.by)
            yield from self._binding(row)
            yield from self._targets(row)
            yield from self._type_profiles(row)
        for constraint in row.dicts("constraint"):
            if is_own(constraint):
                yield from self._rule(constraint)

    def _rule(self, constraint: dict[str, Any]) -> Iterator[Judge]:
        text = constraint.get("expression")
        key = str(constraint.get("key"))[:64]
        if type(text) is not str:
            self.compiling.note(f"a rule without FHIRPath is not judged: {key}")
            return
        try:
            yield of_rule(constraint, compile_expression(text))
        except Unsupported as reason:
            self.compiling.note(f"a rule is not judged: {key}: {reason}")

    def _binding(self, row: Row) -> Iterator[Judge]:
        binding = row.definition.get("binding")
        strength, url = (binding.get("strength"), binding.get("valueSet")) if type(binding) is dict else ("", "")
        if strength not in ("required", "extensible") or type(url) is not str:
            return
        codes = codes_of(url, self.compiling.lookup)
        if codes is not None:
            yield bound(codes, strength, canonical(url))
        elif strength == "required":
            self.compiling.note(f"codes that cannot be listed are not judged: {url}")

    def _targets(self, row: Row) -> Iterator[Judge]:
        targets = [url for kind in row.dicts("type") for url in strings(kind.get("targetProfile"))]
        types = {self._type_of(url) for url in targets}
        if targets and None not in types and not types & {"Resource", "DomainResource"}:
            yield _of_references(pointing_to(frozenset(filter(None, types)), self.by))

    def _type_of(self, url: str) -> str | None:
        if (name := core_type(url)) in kinds():
            return name
        found = self.compiling.lookup(url)
        named = found.get("type") if found else base_type(url)
        return named if type(named) is str else None

    def _type_profiles(self, row: Row) -> Iterator[Judge]:
        for kind in row.dicts("type"):
            urls = [url for url in strings(kind.get("profile")) if core_type(url) not in kinds()]
            found = [judge for url in urls if (judge := self.compiling.of_address(url)) is not None]
            if found and len(found) == len(urls):
                yield _one_of(str(kind.get("code")), found)

    def _child(self, row: Row) -> Iterator[Judge]:
        """The checks of the items of an element: their number, each of them, and their slices."""
        name, (least, most) = row.name, (0, None) if is_unchanged(row) else (row.min, row.max)
        each, slicing = self.row(row), self._slicing(row)
        if least or most is not None or each or slicing:
            yield of_items(name, counted(name, least, most, self.by), each, slicing, wanted=bool(least))

    def _slicing(self, row: Row) -> Slicing | None:
        slices = [self._slice(one, row) for one in row.slices]
        told: Any = row.definition.get("slicing")
        slicing = told if type(told) is dict else {}
        known = [one for one in slices if one is not None]
        if not known or (len(known) < len(slices) and slicing.get("rules") != "open"):
            return None
        return Slicing(row.name, str(slicing.get("rules", "open")), slicing.get("ordered") is True, known, self.by)

    def _slice(self, row: Row, sliced: Row) -> Slice | None:
        judge = self.row(row) or (lambda node, around: [])
        try:
            matches = self._by_profile(row, sliced) or discriminators.matcher(row, sliced, self.compiling.lookup)
        except Undecidable as reason:
            self.compiling.note(f"a slice is not judged: {row.id}: {reason}")
            return None
        return Slice(row.slice, row.min, row.max, matches, judge)

    def _by_profile(self, row: Row, sliced: Row) -> Matches | None:
        """Discriminators by profile: an item belongs to a slice if it conforms to the profile of its type."""
        slicing = sliced.definition.get("slicing")
        kinds_told = dicts(slicing.get("discriminator")) if type(slicing) is dict else []
        if not any(told.get("type") == "profile" for told in kinds_told):
            return None
        if [(told.get("type"), told.get("path")) for told in kinds_told] != [("profile", "$this")]:
            raise Undecidable("a profile elsewhere than in the item itself")
        conforms = list(self._type_profiles(row))
        if not conforms:
            raise Undecidable("its profile is not at hand")
        return lambda node, around: not any(p for judge in conforms for p in judge(node, around) if not p.warning)


def _of_references(judge: Judge) -> Judge:
    return lambda node, around: judge(node, around) if node.type in ("Reference", "") else []


def _one_of(kind: str, judges: list[Judge]) -> Judge:
    """A value of a type conforms to one of the profiles of this type."""

    def judge(node: Node, around: Around) -> list[Problem]:
        if node.type and node.type != kind:
            return []
        found = [one(node, around) for one in judges]
        return min(found, key=lambda problems: sum(not problem.warning for problem in problems))

    return judge
