"""What lets somebody in, as the audit log tells it (INV-07)."""

import pytest

from fhir_service.access.grounds import ground_of
from fhir_service.principal import EMERGENCY, Principal
from fhir_service.sight import Sight
from profiles import names
from profiles.code_systems import codes

HERE = "Organization/x"


@pytest.mark.parametrize(
    ("role", "labels", "ground"),
    [
        ("ke", {"~ke"}, "custodian"),
        ("ke", {"case", "frame", "leads", "school"}, "custodian"),
        ("ke", {f"#{HERE}", "identity", "coordinators"}, "case"),
        ("ke", {"frame", f"+{HERE}"}, "member"),
        ("ke", set(), "party"),
        ("coordinator", {"~coordinator", "frame"}, "coordinator"),
        ("coordinator", {"case", "nav"}, "coordinator"),
        ("coordinator", {"frame", "school"}, "member"),
        ("unit-leader", {"coordinators", f"^{HERE}"}, "unit-leader"),
        ("notifier", {"coordinators"}, "stay"),
        ("service", {"existence"}, "existence"),
        (None, {"frame"}, "member"),
        ("notifier", set(), "party"),
    ],
)
def test_ground_is_that_of_the_grant_and_not_of_the_role(role: str | None, labels: set[str], ground: str) -> None:
    by = Principal(role=role, organization=HERE)
    assert ground_of(by, Sight(labels=frozenset(labels), organization=HERE)) == ground
    assert ground in codes(names.ACCESS_BASIS)


@pytest.mark.parametrize(
    ("by", "sight", "ground"),
    [
        (Principal(), Sight(everything=True), "developer"),
        (Principal(role="ke"), Sight(), "developer"),
        (Principal(person="Patient/p"), Sight(everything=True), "self"),
        (Principal(person="Patient/p"), Sight(), "party"),
        (Principal(person="RelatedPerson/r"), Sight(labels=frozenset({"~representative"})), "representative"),
        (Principal(person="RelatedPerson/r"), Sight(), "party"),
        (Principal(organization=HERE, purpose=EMERGENCY, reason="fall"), Sight(everything=True), "emergency"),
    ],
)
def test_ground_of_persons_and_of_those_who_are_not_narrowed(by: Principal, sight: Sight, ground: str) -> None:
    assert ground_of(by, sight) == ground
    assert ground in codes(names.ACCESS_BASIS)
