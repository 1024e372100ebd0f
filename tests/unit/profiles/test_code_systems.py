"""Our own code systems (domain.md 4.2) are CodeSystem resources with Norwegian and English texts."""

import pytest

from profiles import names
from profiles.code_systems import code_systems, codes, coding, concept, display
from profiles.issue_codes import ISSUE_CODES
from profiles.validate import check


@pytest.mark.parametrize("url", sorted(code_systems()))
def test_code_system_is_valid_and_told_in_three_languages(url: str) -> None:
    system = code_systems()[url]
    assert [i for i in check(system) if i.refuses] == []
    assert url == f"{names.CODE_SYSTEM}/{system['id']}"
    assert system["count"] == len(system["concept"]) == len(codes(url))
    for entry in system["concept"]:
        assert {d["language"] for d in entry["designation"]} == {"nn", "en"}


def test_display_is_bokmaal_unless_asked_otherwise() -> None:
    assert display(names.KE_BUSINESS_STATUS, "decided") == "Besluttet"
    assert display(names.KE_BUSINESS_STATUS, "decided", "nn") == "Avgjort"
    assert display(names.KE_BUSINESS_STATUS, "decided", "en") == "Decided"
    assert display(names.KE_BUSINESS_STATUS, "unheard-of") is None
    assert display("urn:other", "decided") is None


def test_concept_has_a_display_only_when_it_is_ours() -> None:
    assert concept("urn:other", "x") == {"coding": [{"system": "urn:other", "code": "x"}]}
    assert coding(names.FLAG, "no-coordinator")["display"] == "Uten koordinator"


def test_every_issue_code_is_told_to_people() -> None:
    """workflow.md 8: `details.coding` of every issue is of this system."""
    assert set(ISSUE_CODES) - codes(names.IP_ERROR) == set()


def test_there_are_the_code_systems_of_the_domain() -> None:
    """domain.md 4.2"""
    listed = (
        "plan-category request-category team-category request-kind reporter-kind channel team-role "
        "ke-business-status status-reason task-code decision decision-output feedback-status feedback-category "
        "task-input complaint-outcome tag flag completeness-slot ip-error change-kind meeting-kind consent-kind "
        "consent-statement consent-class label sector legal-basis stale-reason"
    )
    assert {f"{names.CODE_SYSTEM}/{name}" for name in listed.split()} <= code_systems().keys()
