"""FHIRPath Patch.  https://hl7.org/fhir/R4/fhirpatch.html

The first cases tell in our own words what those of HL7's collection (fhir-test-cases, r4/patch) tell.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.workflow.patches import FHIRPATH, patch_of
from fhir_service.workflow.patches.places import Finder, PatchError, path_of, root_of
from profiles.issues import Issue
from profiles.resource import Resource

CASES = json.loads((Path(__file__).parents[2] / "cases" / "fhirpath_patch" / "cases.json").read_text())
_KINDS = {"type": "valueCode", "path": "valueString", "name": "valueString"}


def part(name: str, value: Any) -> Resource:
    """One part of an operation."""
    return {"name": name, **value} if name == "value" else {"name": name, _KINDS.get(name, "valueInteger"): value}


def parameters(*operations: Resource) -> Resource:
    """The patch of operations that are written short."""
    listed = [{"name": "operation", "part": [part(n, v) for n, v in one.items()]} for one in operations]
    return {"resourceType": "Parameters", "parameter": listed}


def applied(patch: Resource, resource: Resource) -> Resource | Issue:
    made = patch_of(FHIRPATH, patch)
    assert not isinstance(made, Issue), made
    return made(resource)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_patch_does_what_the_case_says(case: Resource) -> None:
    before = {"resourceType": "Patient", **case["input"]}
    kept = json.dumps(before)
    after = applied(parameters(*case["patch"]), before)
    assert json.dumps(before) == kept
    if "error" in case:
        assert isinstance(after, Issue)
        assert (after.code, after.at) == (case["error"], "Parameters.parameter[0]")
    else:
        assert json.dumps(after) == json.dumps({"resourceType": "Patient", **case["output"]})


@pytest.mark.parametrize(
    "patch",
    [
        [],
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": "x"},
        {"resourceType": "Parameters", "parameter": [{"name": "operation"}] * 101},
        {"resourceType": "Parameters", "parameter": [7]},
        {"resourceType": "Parameters", "parameter": [{"name": "op"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": 7}]},
        {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [7]}]},
        parameters({"type": "paint", "path": "Patient"}),
        parameters({"type": "delete"}),
        parameters({"type": "add", "path": "Patient", "name": "active"}),
        parameters({"type": "insert", "path": "Patient.name", "index": True, "value": {"valueHumanName": {}}}),
        parameters({"type": "delete", "path": "Patient", "colour": 1}),
        parameters({"type": "delete", "path": "Patient.name["}),
        parameters({"type": "delete", "path": "Patient" + ".name" * 300}),
        parameters({"type": "delete", "path": "(" * 21 + "Patient" + ")" * 21}),
    ],
)
def test_what_is_no_patch_is_told_so(patch: Any) -> None:
    made = patch_of(FHIRPATH, patch)
    assert isinstance(made, Issue)
    assert made.code == "structure"


def test_a_path_that_looks_at_too_much_is_broken_off() -> None:
    """SR-21: what a client sends is bounded in what it costs."""
    finder = Finder(root_of({"resourceType": "Patient", "name": [{"given": ["x"]}]}), steps=199_999)
    with pytest.raises(PatchError, match="too many"):
        finder.places(path_of("Patient.name.given"))


def test_a_type_is_not_mistaken_for_another() -> None:
    """JSON true is not 1."""
    patient = {"resourceType": "Patient", "communication": [{"preferred": True}]}
    after = applied(parameters({"type": "delete", "path": "Patient.communication.where(preferred = 1)"}), patient)
    assert after == patient


@given(st.text(alphabet="Patientname.()[]0'= ", max_size=60))
def test_any_path_is_applied_or_refused(path: str) -> None:
    made = patch_of(FHIRPATH, parameters({"type": "delete", "path": path}))
    assert isinstance(made, Issue) or made({"resourceType": "Patient", "name": [{"text": "x"}]}) is not None
