"""The expected child: until birth its case and team have the mother as subject (workflow.md 4.10)."""

from fhir_service.resources.care_team import is_for_expected_child
from fhir_service.rules._case import inputs
from fhir_service.rules._elements import reference
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change
from profiles.resource import Resource

CHILD_BORN = "child-born"
"""Cause of the drafts that follow a case from the mother to the child (`workflow.birth`)."""

__all__ = ["CHILD_BORN", "is_birth", "is_for_expected_child", "may_move"]


def is_birth(before: Resource | None, after: Resource | None) -> bool:
    """Whether a case about an expected child is for somebody else from now on: for the child."""
    if before is None or after is None or kind_of(before) is not Kind.CASE or not inputs(before, "expected-child"):
        return False
    return reference(before.get("for")) != reference(after.get("for"))


def may_move(change: Change) -> bool:
    """Whether what the draft is about may change: with the birth of the child it is about."""
    return change.draft.cause == CHILD_BORN or is_birth(change.before, change.after)
