"""Ids of events that are made when they are read (ADR 0026)."""

from fhir_service.workflow.audit_events import CHANGE_ID, change_id

EARLY, LATE = "01a203de-5cc4-7d43-97a3-0187a9eb22f5", "01a203de-5cd4-7bbc-a712-54e12b6c2db0"


def test_changes_that_were_made_together_come_as_their_resources_were_made() -> None:
    """SR-29: what comes first does not hang on a digest, which nobody can tell the reason of."""
    for version in range(1, 9):
        early, late = change_id(5, f"Goal/{EARLY}/_history/{version}"), change_id(5, f"Goal/{LATE}/_history/2")
        assert early < late
        assert all(CHANGE_ID.fullmatch(rid) and len(rid) <= 64 for rid in (early, late))


def test_a_change_of_a_resource_with_an_id_of_a_client_has_its_own() -> None:
    ids = {change_id(1 << 52, f"{rtype}/plan/_history/{n}") for rtype in ("CarePlan", "CareTeam") for n in (1, 2)}
    assert len(ids) == 4
    assert all(CHANGE_ID.fullmatch(rid) for rid in ids)
