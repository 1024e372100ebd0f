"""`_include` and `_revinclude`.  https://hl7.org/fhir/R4/search.html#revinclude"""

import pytest

from fhir_service.search import includes, revincludes
from fhir_service.search.including import MAX_INCLUDES
from fhir_service.search.query import Include
from tests.unit.search.asked import query, refusals, told


@pytest.mark.parametrize(
    ("rtype", "name", "value", "found"),
    [
        ("MedicationRequest", "_include", "MedicationRequest:patient", Include("MedicationRequest", "patient")),
        ("Observation", "_include", "Observation:subject:Patient", Include("Observation", "subject", "Patient")),
        ("CarePlan", "_include", "CarePlan:*", Include("CarePlan", "*")),
        ("CarePlan", "_include", "CarePlan:*:Goal", Include("CarePlan", "*", "Goal")),
        ("CarePlan", "_include", "*", Include("CarePlan", "*")),
        ("CarePlan", "_include:iterate", "CareTeam:participant", Include("CareTeam", "participant", iterate=True)),
        ("CarePlan", "_include:iterate", "CareTeam:*", Include("CareTeam", "*", iterate=True)),
        ("CarePlan", "_revinclude", "Provenance:target", Include("Provenance", "target", reverse=True)),
        ("CarePlan", "_revinclude", "Task:focus:CarePlan", Include("Task", "focus", "CarePlan", reverse=True)),
        ("CarePlan", "_revinclude", "Task:*", Include("Task", "*", reverse=True)),
        ("CarePlan", "_revinclude:iterate", "Observation:encounter",
         Include("Observation", "encounter", reverse=True, iterate=True)),
    ],
)  # fmt: skip
def test_include_names_source_parameter_and_target(rtype: str, name: str, value: str, found: Include) -> None:
    asked = query(rtype, (name, value))
    assert asked.includes == (found,)
    assert asked.used == ((name, value),)


def test_everything_that_refers_is_one_include_for_each_type() -> None:
    found = query("CarePlan", ("_revinclude", "*")).includes
    assert Include("Provenance", "*", reverse=True) in found
    assert all(include.reverse and include.parameter == "*" for include in found)
    assert "Patient" not in {include.source for include in found}


def test_several_types_include_from_each() -> None:
    found = query(None, ("_type", "Patient,Binary"), ("_include", "*"), ("_include", "Patient:organization"))
    assert found.includes == (Include("Patient", "*"), Include("Patient", "organization"))


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("CarePlan", "_include", "CarePlan"),
        ("CarePlan", "_include", "CarePlan:"),
        ("CarePlan", "_include", "CarePlan:status"),
        ("CarePlan", "_include", "CarePlan:care-team:Goal"),
        ("CarePlan", "_include", "CarePlan:care-team:"),
        ("CarePlan", "_include", "CarePlan:*:Nothing"),
        ("CarePlan", "_include", "CareTeam:participant"),
        ("CarePlan", "_include", "CareTeam:*"),
        ("CarePlan", "_include", "Nothing:*"),
        ("CarePlan", "_include:iterate", "*"),
        ("CarePlan", "_include:iterate", "CareTeam:nothing"),
        ("CarePlan", "_revinclude", "CarePlan"),
        ("CarePlan", "_revinclude", "Observation:patient"),
        ("CarePlan", "_revinclude", "Patient:*"),
        ("CarePlan", "_revinclude", "Nothing:*"),
        ("CarePlan", "_revinclude", "Provenance:target:Nothing"),
        ("CarePlan", "_revinclude:iterate", "*"),
        ("Bundle", "_include", "Bundle:composition"),
        ("QuestionnaireResponse", "_include", "QuestionnaireResponse:questionnaire"),
        ("Questionnaire", "_revinclude", "QuestionnaireResponse:questionnaire"),
        ("Binary", "_include", "Binary:x"),
    ],
)
def test_other_includes_are_refused(rtype: str, name: str, value: str) -> None:
    """SR-19"""
    assert refusals(rtype, (name, value)) == [("bad-parameter-value", name)]


@pytest.mark.parametrize("name", ["_include:recurse", "_include:x", "_include:", "_revinclude:recurse"])
def test_other_modifiers_are_refused(name: str) -> None:
    assert refusals("CarePlan", (name, "CarePlan:goal")) == [("unknown-modifier", name)]
    assert ":iterate" in told("CarePlan", (name, "CarePlan:goal"))


def test_refusal_tells_what_can_be_included() -> None:
    assert "CarePlan:care-team" in told("CarePlan", ("_include", "x"))
    assert ":iterate" in told("CarePlan", ("_include", "CareTeam:participant"))
    assert "nothing for this type" in told("Binary", ("_include", "x"))
    assert told("Patient", ("_revinclude", "x")).count(":") < 100
    assert "CarePlan:care-team:CareTeam" in told("CarePlan", ("_include", "CarePlan:care-team:Goal"))


def test_number_of_includes_is_bounded() -> None:
    """SR-8"""
    asked = [("_include", "CarePlan:goal"), ("_revinclude", "Task:focus")] * (MAX_INCLUDES // 2)
    assert len(query("CarePlan", *asked).includes) == 2
    assert refusals("CarePlan", *asked, ("_include", "CarePlan:goal")) == [("bad-parameter-value", "_include")]


def test_what_leads_here_can_be_listed() -> None:
    assert {"Task:focus", "Provenance:target", "CarePlan:replaces"} <= set(revincludes("CarePlan"))
    assert "Observation:patient" not in revincludes("CarePlan")
    assert revincludes("CarePlan", ("Goal",)) == ()
    assert "Bundle:composition" not in includes("Bundle")
