"""What is remembered of references is bounded in size, not only in number (SR-8)."""

import tracemalloc

from fhir_service.search.references import target
from fhir_service.workflow.integrity import own_target

BASE = "http://localhost/fhir"


def test_long_references_are_understood_but_not_kept() -> None:
    host = f"http://{'x' * 50_000}"
    tracemalloc.start()
    for number in range(100):
        assert own_target(f"{host}/{number}", BASE) is None
        assert target(f"{host}/{number}", BASE) == ("", "", f"{host}/{number}")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_short_references_are_understood() -> None:
    for literal in ("Patient/1", f"{BASE}/Patient/1"):
        found = own_target(literal, BASE)
        assert found is not None
        assert found.key == ("Patient", "1")
        assert target(literal, BASE) == ("Patient", "1", "")
    assert own_target("#a", BASE) is None
    assert target("#a", BASE) is None
