"""Everything that is declared has its cases, its reason and its row in the docs (architecture.md 1.6)."""

import re

import pytest

from fhir_service import catalogue
from fhir_service.catalogue import MessageEntry, RuleEntry
from fhir_service.resources import ResourceType

from .source import ROOT

CASES = ROOT / "tests" / "cases"
REFERENCE = ROOT / "docs" / "reference"
MESSAGES = catalogue.messages()
RULES = catalogue.rules()


def test_something_is_declared() -> None:
    assert {"ADT^A01", "ADT^A03", "REF^I12"} <= {entry.kind for entry in MESSAGES}
    assert "one-plan" in {entry.declared.id for entry in RULES}


@pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.name)
def test_message_type_has_title_text_cases_and_page(entry: MessageEntry) -> None:
    assert entry.declared.title
    assert "MSH" in entry.declared.requires
    assert entry.kind in entry.text
    assert entry.name == "_".join(entry.declared.key).lower()
    assert list((CASES / "hl7v2" / entry.name).glob("*/input.hl7"))
    assert f"\n## {entry.kind}\n" in (REFERENCE / "messages.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", RULES, ids=lambda entry: entry.declared.id)
def test_rule_has_basis_words_cases_and_page(entry: RuleEntry) -> None:
    rule = entry.declared
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert rule.id.replace("-", "_") == entry.name
    assert rule.title
    assert re.search(r"§|workflow\.md|forskrift", rule.basis)
    assert rule.says.endswith(".")
    assert rule.on
    assert list((CASES / "rules" / rule.id).glob("*.json"))
    assert f"\n## {rule.id}\n" in (REFERENCE / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("declared", catalogue.resources(), ids=lambda declared: declared.name)
def test_resource_type_has_its_page(declared: ResourceType) -> None:
    assert f"\n## {declared.name}\n" in (REFERENCE / "search.md").read_text(encoding="utf-8")


def test_code_maps_have_titles_and_codes() -> None:
    maps = catalogue.code_maps()
    assert maps
    assert [entry.name for entry in maps if not entry.title or not entry.size] == []
