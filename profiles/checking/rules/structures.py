"""Invariants of StructureDefinition.  https://hl7.org/fhir/R4/structuredefinition.html#invs"""

import re
from collections.abc import Callable, Iterator, Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    child,
    children,
    distinct,
    either,
    has,
    has_choice,
    items,
    text,
)
from profiles.names import HL7_EXTENSION

_TYPE = re.compile(r"[a-zA-Z0-9]+|http://hl7\.org/fhirpath/System\.[A-Z][A-Za-z]+")
_SNAPSHOT_TYPE = re.compile(r"[a-zA-Z0-9.]+|http://hl7\.org/fhirpath/System\.[A-Z][A-Za-z]+")


def _rows(value: Json, view: str) -> list[Json]:
    return list(children(child(value, view), "element"))


def _both_views(value: Json) -> Iterator[Json]:
    yield from _rows(value, "snapshot")
    yield from _rows(value, "differential")


def _is_root(row: Json) -> bool:
    return "path" in row and "." not in text(row, "path")


def _first(value: Json, view: str) -> Json:
    return next(iter(_rows(value, view)), {})


def _logical(value: Json) -> bool:
    return text(value, "kind") == "logical"


def _paths_differ(value: Json) -> bool:
    return text(value, "derivation") == "constraint" or distinct([text(r, "path") for r in _rows(value, "snapshot")])


def _identified(view: str) -> Rule:
    """Each row has an id of its own."""

    def holds(value: Json) -> bool:
        rows = _rows(value, view)
        return all("id" in row for row in rows) and distinct([text(row, "id") for row in rows])

    return holds


def _every_row_has_id(value: Json) -> bool:
    return all("id" in row for row in _both_views(value))


def _root_says_little(value: Json) -> bool:
    return not any(has(r, n) for r in _both_views(value) if _is_root(r) for n in ("label", "code", "requirements"))


def _root_without_type(value: Json) -> bool:
    first = _first(value, "differential")
    return _logical(value) or not _is_root(first) or not has(first, "type")


def _root_unnamed(value: Json) -> bool:
    return not any(has(row, "sliceName") for row in _both_views(value) if _is_root(row))


def _begins_with_type(value: Json) -> bool:
    rows = _rows(value, "snapshot")
    return _logical(value) or not rows or text(rows[0], "path") == text(value, "type")


def _all_below(rows: list[Json], root: str) -> bool:
    return all(text(row, "path").startswith(root + ".") for row in rows[1:])


def _snapshot_below_type(value: Json) -> bool:
    if "snapshot" not in value:
        return True
    rows, first = _rows(value, "snapshot"), text(_first(value, "snapshot"), "path")
    return (_logical(value) or first == text(value, "type")) and _all_below(rows, first)


def _differential_below_type(value: Json) -> bool:
    if "differential" not in value:
        return True
    rows, first = _rows(value, "differential"), text(_first(value, "differential"), "path")
    begins = _logical(value) or first.startswith(text(value, "type"))
    return begins and _all_below(rows, first.partition(".")[0])


def _of_hl7(then: Callable[[Json], bool]) -> Rule:
    return lambda value: not text(value, "url").startswith(HL7_EXTENSION) or then(value)


def _types_well_named(value: Json) -> bool:
    differential = items(value, "differential", "element", "type", "code")
    snapshot = items(value, "snapshot", "element", "type", "code")
    return all(map(_TYPE.fullmatch, map(str, differential))) and all(map(_SNAPSHOT_TYPE.fullmatch, map(str, snapshot)))


def _no_default(value: Json) -> bool:
    return not any(has_choice(row, "defaultValue") for row in _both_views(value))


def _default_of_specialization(value: Json) -> bool:
    given = any(has_choice(row, "defaultValue") for row in _rows(value, "differential"))
    return not given or text(value, "derivation") == "specialization"


def _extension_has_context(value: Json) -> bool:
    is_extension = text(value, "type") == "Extension" and text(value, "derivation") != "specialization"
    return not is_extension or has(value, "context")


def _all_have(*names: str) -> Rule:
    return lambda value: all(has(row, name) for row in children(value, "element") for name in names)


STRUCTURES: Mapping[str, Mapping[str, Rule]] = {
    "StructureDefinition": {
        # sdf-1: derivation = 'constraint' or snapshot.element.select(path).isDistinct()
        "sdf-1": _paths_differ,
        # sdf-4: abstract = true or baseDefinition.exists()
        "sdf-4": lambda value: value.get("abstract") is True or has(value, "baseDefinition"),
        # sdf-5: type != 'Extension' or derivation = 'specialization' or (context.exists())
        "sdf-5": _extension_has_context,
        # sdf-6: snapshot.exists() or differential.exists()
        "sdf-6": either("snapshot", "differential"),
        # sdf-8: (%resource.kind = 'logical' or element.first().path = %resource.type) and
        #   element.tail().all(path.startsWith(%resource.snapshot.element.first().path&'.'))
        "sdf-8": _snapshot_below_type,
        # sdf-8a: (%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and
        #   (element.tail().empty() or
        #   element.tail().all(path.startsWith(
        #   %resource.differential.element.first().path.replaceMatches('\\..*','')&'.')))
        "sdf-8a": _differential_below_type,
        # sdf-9: children().element.where(path.contains('.').not()).label.empty() and
        #   children().element.where(path.contains('.').not()).code.empty() and
        #   children().element.where(path.contains('.').not()).requirements.empty()
        "sdf-9": _root_says_little,
        # sdf-11: kind != 'logical' implies snapshot.empty() or snapshot.element.first().path = type
        "sdf-11": _begins_with_type,
        # sdf-14: snapshot.element.all(id.exists()) and differential.element.all(id.exists())
        "sdf-14": _every_row_has_id,
        # sdf-15: kind!='logical' implies snapshot.element.first().type.empty()
        "sdf-15": lambda value: _logical(value) or not has(_first(value, "snapshot"), "type"),
        # sdf-15a: (kind!='logical' and differential.element.first().path.contains('.').not()) implies
        #   differential.element.first().type.empty()
        "sdf-15a": _root_without_type,
        # sdf-16: snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()
        "sdf-16": _identified("snapshot"),
        # sdf-17: differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()
        "sdf-17": _identified("differential"),
        # sdf-18: contextInvariant.exists() implies type = 'Extension'
        "sdf-18": lambda value: not has(value, "contextInvariant") or text(value, "type") == "Extension",
        # sdf-19: url.startsWith('http://hl7.org/fhir/StructureDefinition') implies
        #   (differential.element.type.code.all(matches('^[a-zA-Z0-9]+$') or
        #   matches('^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$')) and
        #   snapshot.element.type.code.all(matches('^[a-zA-Z0-9\\.]+$') or
        #   matches('^http:\\/\\/hl7\\.org\\/fhirpath\\/System\\.[A-Z][A-Za-z]+$')))
        "sdf-19": _of_hl7(_types_well_named),
        # sdf-21: differential.element.defaultValue.exists() implies (derivation = 'specialization')
        "sdf-21": _default_of_specialization,
        # sdf-22: url.startsWith('http://hl7.org/fhir/StructureDefinition') implies
        #   (snapshot.element.defaultValue.empty() and differential.element.defaultValue.empty())
        "sdf-22": _of_hl7(_no_default),
        # sdf-23: (snapshot | differential).element.all(path.contains('.').not() implies sliceName.empty())
        "sdf-23": _root_unnamed,
    },
    "StructureDefinition.differential": {
        # sdf-20: element.where(path.contains('.').not()).slicing.empty()
        "sdf-20": lambda value: not any(has(row, "slicing") for row in children(value, "element") if _is_root(row)),
    },
    # sdf-2: name.exists() or uri.exists()
    "StructureDefinition.mapping": {"sdf-2": either("name", "uri")},
    # sdf-3: element.all(definition.exists() and min.exists() and max.exists())
    # sdf-8b: element.all(base.exists())
    "StructureDefinition.snapshot": {"sdf-3": _all_have("definition", "min", "max"), "sdf-8b": _all_have("base")},
    "StructureDefinition.snapshot.element": {
        # sdf-10: binding.empty() or binding.valueSet.exists() or binding.description.exists()
        "sdf-10": lambda value: (
            not has(value, "binding")
            or has(child(value, "binding"), "valueSet")
            or has(child(value, "binding"), "description")
        ),
    },
}
