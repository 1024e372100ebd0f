"""Invariants of code systems, value sets and concept maps.  https://hl7.org/fhir/R4/terminology-module.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    distinct,
    either,
    has,
    needs,
    not_both,
    text,
    within,
)


def _codes_differ(value: Json) -> bool:
    return distinct([text(concept, "code") for concept in within(value, "concept") if "code" in concept])


def _explained(value: Json) -> bool:
    return has(value, "comment") or text(value, "equivalence") not in ("narrower", "inexact")


def _mode_needs(mode: str, name: str) -> Rule:
    return lambda value: text(value, "mode") != mode or has(value, name)


TERMINOLOGIES: Mapping[str, Mapping[str, Rule]] = {
    # csd-1: concept.code.combine($this.descendants().concept.code).isDistinct()
    "CodeSystem": {"csd-1": _codes_differ},
    # cmd-1: comment.exists() or equivalence.empty() or ((equivalence != 'narrower') and (equivalence != 'inexact'))
    "ConceptMap.group.element.target": {"cmd-1": _explained},
    # cmd-2: (mode = 'fixed') implies code.exists()
    # cmd-3: (mode = 'other-map') implies url.exists()
    "ConceptMap.group.unmapped": {"cmd-2": _mode_needs("fixed", "code"), "cmd-3": _mode_needs("other-map", "url")},
    "ValueSet.compose.include": {
        # vsd-1: valueSet.exists() or system.exists()
        "vsd-1": either("valueSet", "system"),
        # vsd-2: (concept.exists() or filter.exists()) implies system.exists()
        "vsd-2": lambda value: not (has(value, "concept") or has(value, "filter")) or has(value, "system"),
        # vsd-3: concept.empty() or filter.empty()
        "vsd-3": not_both("concept", "filter"),
    },
    "ValueSet.expansion.contains": {
        # vsd-6: code.exists() or display.exists()
        "vsd-6": either("code", "display"),
        # vsd-9: code.exists() or abstract = true
        "vsd-9": lambda value: has(value, "code") or value.get("abstract") is True,
        # vsd-10: code.empty() or system.exists()
        "vsd-10": needs("code", "system"),
    },
}
