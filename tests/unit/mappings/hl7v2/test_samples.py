"""Public sample messages: whatever they hold, translating them raises nothing and proposes valid R4."""

from pathlib import Path

import pytest

from profiles.validate import check
from tests.golden import resolved, translated

SAMPLES = sorted((Path(__file__).parents[5] / "shared" / "reference" / "hl7v2-samples").glob("*.hl7"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
def test_sample_is_translated_or_refused(sample: Path) -> None:
    translation = translated(sample.read_bytes())
    types = {p.name: p.rtype for p in translation.proposals}
    issues = [i for p in translation.proposals for i in check(resolved(p.values, types)) if i.refuses]
    assert issues == []
    assert translation.proposals or translation.issues
