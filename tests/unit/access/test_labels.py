"""What a row carries and what opens it (workflow.md 4.7)."""

import pytest

from fhir_service.access import Sight
from fhir_service.access.labels import column, labels_in, marked, sectors_of, security_of
from profiles import names

SCHOOL = {"system": names.SECTOR, "code": "school"}
HIDDEN = {"system": names.LABEL, "code": "hidden-from-representative"}
MEMBER = Sight(labels=frozenset({"frame", "school", "+Organization/s"}), organization="Organization/s")
REPRESENTATIVE = Sight(labels=frozenset({"~representative"}), person="RelatedPerson/r")


def test_column_holds_labels_in_one_order() -> None:
    assert column(["school", "frame", "school"]) == "|frame|school|"
    assert column([]) == ""
    assert labels_in("|frame|school|") == {"frame", "school"}
    assert labels_in("") == frozenset()


def test_marked_reads_sectors_and_our_own_label_only() -> None:
    assert marked([SCHOOL, HIDDEN, {"system": names.V3_CONFIDENTIALITY, "code": "R"}]) == {"school", "-representative"}


def test_sectors_of_an_activity_are_its_extensions() -> None:
    assert sectors_of({"extension": [{"url": names.IP_SECTOR, "valueCoding": SCHOOL}, {"url": "other"}]}) == {"school"}
    assert sectors_of({"extension": [{"url": names.IP_SECTOR}]}) == frozenset()


def test_security_of_a_resource_is_in_its_meta() -> None:
    assert security_of({"meta": {"security": [SCHOOL]}}) == {"school"}
    assert security_of({}) == frozenset()


@pytest.mark.parametrize(
    ("sight", "labels", "shown"),
    [
        (Sight(everything=True), "", True),
        (Sight(labels=frozenset({"*"})), "|-representative|", True),
        (Sight(organization="Organization/s"), "|frame|school|", False),
        (Sight(organization="Organization/s"), "|@Organization/s|", True),
        (Sight(person="Patient/p"), "|@Patient/p|", True),
        (MEMBER, "", False),
        (MEMBER, "|trust|", False),
        (MEMBER, "|school|trust|", True),
        (MEMBER, "|+Organization/s|", True),
        (MEMBER, "|+Organization/t|", False),
        (REPRESENTATIVE, "", True),
        (REPRESENTATIVE, "|school|-representative|", False),
        (REPRESENTATIVE, "|-representative|@RelatedPerson/r|", True),
    ],
)
def test_sight_shows_what_a_grant_opens(sight: Sight, labels: str, shown: bool) -> None:
    assert sight.shows(labels_in(labels)) is shown
