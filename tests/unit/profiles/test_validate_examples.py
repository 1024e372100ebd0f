"""HL7's own examples are accepted: all of the served types, one of each other type (tests/cases/r4, CC0)."""

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from profiles.definitions import resource_types
from profiles.resource import Resource
from profiles.validate import check

EXAMPLES = Path(__file__).parents[2] / "cases" / "r4" / "examples.jsonl.gz"

KNOWN_BAD = {
    "ActivityDefinition/blood-tubes-supply": ("invariant", "ActivityDefinition.text.div"),  # empty narrative (txt-2)
    "ActivityDefinition/heart-valve-replacement": ("invariant", "ActivityDefinition.text.div"),  # the same
    # fullUrl names another id than the resource has
    "Bundle/10bb101f-a121-4264-a920-67be9cb82c74": ("value", "Bundle.entry[2].fullUrl"),
    "Bundle/3a0707d3-549e-4467-b8b8-5a2ab3800efe": ("value", "Bundle.entry[3].fullUrl"),
    "Bundle/lri-example": ("value", "Bundle.entry[1].fullUrl"),
    "DeviceMetric/example": ("reference-target", "DeviceMetric.parent.reference"),  # a DeviceDefinition, not a Device
    "DeviceUseStatement/example": (  # a Procedure, which is not among the targets
        "reference-target",
        "DeviceUseStatement.reasonReference[0].reference",
    ),
    "EventDefinition/example": ("invariant", "EventDefinition.text.div"),  # empty narrative (txt-2)
    "MedicationRequest/medrx0301": (  # a Practitioner, not an Organization
        "reference-target",
        "MedicationRequest.dispenseRequest.performer.reference",
    ),
    "Observation/clinical-gender": (  # its performer is not of a type that may be
        "reference-target",
        "Observation.performer[0].reference",
    ),
    "Questionnaire/qs1": ("required", "Questionnaire.item[0].item[0].linkId"),  # and 32 more without linkId
    "Questionnaire/zika-virus-exposure-assessment": ("invariant", "Questionnaire.text.div"),  # empty narrative (txt-2)
    "SearchParameter/questionnaireresponse-extensions-QuestionnaireResponse-item-subject": (  # 65 characters
        "value",
        "SearchParameter.id",
    ),
    **{
        f"SearchParameter/{kind.lower()}-extensions-{kind}-{name}": ("required", "SearchParameter.base")
        for kind in ("CodeSystem", "ValueSet")
        for name in ("author", "effective", "end", "keyword", "workflow")
    },
}
"""Examples of HL7 that break HL7's rules, and what is told of them first."""

DECODER: msgspec.json.Decoder[Resource] = msgspec.json.Decoder(float_hook=Decimal)


def read_examples() -> dict[str, Resource]:
    lines = gzip.decompress(EXAMPLES.read_bytes()).splitlines()
    return {f"{r['resourceType']}/{r['id']}": r for r in map(DECODER.decode, lines)}


@pytest.mark.parametrize("example", [pytest.param(r, id=name) for name, r in read_examples().items()])
def test_example_of_hl7_is_accepted_unless_known_bad(example: Resource) -> None:
    expected = KNOWN_BAD.get(f"{example['resourceType']}/{example['id']}")

    refused = [(issue.code, issue.at) for issue in check(example) if issue.refuses]
    assert refused[:1] == ([expected] if expected else [])


def test_most_types_have_an_example() -> None:
    without = resource_types() - {name.partition("/")[0] for name in read_examples()}

    assert without == NO_EXAMPLE


# fmt: off
NO_EXAMPLE = {
    "Parameters", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
}
# fmt: on
"""Types of which HL7 published no example."""
