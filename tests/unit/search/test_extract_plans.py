"""Plans are kept by the elements that a resource has; what is found does not hang on that."""

import importlib
from itertools import combinations
from typing import Any

import pytest

from fhir_service.search import extract

MODULE = importlib.import_module("fhir_service.search.extract")
ELEMENTS: dict[str, Any] = {
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-01-01",
    "valueQuantity": {"value": 60, "unit": "/min"},
    "category": [{"text": "vital"}],
    "identifier": [{"system": "urn:x", "value": "1"}],
}
SETS = [names for size in range(len(ELEMENTS) + 1) for names in combinations(ELEMENTS, size)]


def test_rows_are_the_same_with_plans_for_the_elements_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(SETS) > MODULE.SETS
    resources = [{"resourceType": "Observation"} | {name: ELEMENTS[name] for name in names} for names in SETS]
    MODULE._known.cache_clear()
    kept = [extract(resource) for resource in resources]
    assert len(MODULE._known("Observation")) == MODULE.SETS
    MODULE._known.cache_clear()
    monkeypatch.setattr(MODULE, "SETS", 0)
    assert kept == [extract(resource) for resource in resources]
    assert kept[-1].composites
    assert kept[-1].quantities
    MODULE._known.cache_clear()
