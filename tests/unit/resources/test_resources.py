"""What the catalogue of resource types holds as a whole (decision 33)."""

import pytest

from fhir_service.resources import SERVED, ResourceType, declared_types, resource_type, served_types
from fhir_service.search import parameters
from profiles.definitions import resource_types


def test_served_types_are_r4_types_in_order() -> None:
    assert set(served_types()) <= resource_types()
    assert list(served_types()) == sorted(set(SERVED))
    assert len(served_types()) == 60


def test_other_types_are_served_when_they_are_named() -> None:
    assert served_types(["Task", "Observation", "Task"]) == ("Observation", "Task")
    with pytest.raises(ValueError, match="'Observashun' is not a resource type of FHIR R4; do you mean Observation"):
        served_types(["Patient", "Observashun"])
    with pytest.raises(ValueError, match="no resource type"):
        served_types(())


def test_types_with_a_module_are_known_whatever_is_served() -> None:
    assert set(declared_types()) <= resource_types()
    assert {"CarePlan", "Patient", "Task"} <= set(declared_types())


@pytest.mark.parametrize("rtype", SERVED)
def test_typed_columns_have_one_value_by_the_definitions(rtype: str) -> None:
    known = parameters(rtype)
    for code in resource_type(rtype).typed:
        assert known[code].single, f"{rtype}.{code} may have several values"


@pytest.mark.parametrize("rtype", SERVED)
def test_own_parameters_are_served_as_declared(rtype: str) -> None:
    for own in resource_type(rtype).parameters:
        found = parameters(rtype)[own.code]
        assert found.type == own.type
        assert set(found.targets) == set(own.targets)


def test_type_without_a_module_has_the_defaults() -> None:
    basic = resource_type("Basic")
    assert basic == ResourceType("Basic")
    assert not basic.guarded({"resourceType": "Basic"})
    assert basic.in_force({"resourceType": "Basic"}) == ()
    assert "delete" in basic.interactions


def test_the_log_can_be_written_and_read_only() -> None:
    """Decision 25: update and delete of an AuditEvent are 405."""
    assert resource_type("AuditEvent").interactions == {"create", "read", "vread", "search-type"}
