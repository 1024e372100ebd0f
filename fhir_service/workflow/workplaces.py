"""Who works where opens doors, so the place itself says it (SR-27; decision 42).

A coordinator's organisation sees the plan: whoever could take a PractitionerRole to another organisation would let that
one in, and whoever could write an agreement would let a private provider in.
"""

from collections.abc import Sequence

from fhir_service.principal import Principal
from fhir_service.rules import Draft, reference
from fhir_service.workflow.references import local
from fhir_service.workflow.settle import Wanted
from profiles.issues import Issue, error
from profiles.resource import Resource

MOVING = "PractitionerRole"
AGREEING = "OrganizationAffiliation"
ANYWHERE = "administrator"
_TELLS = frozenset({"ke", ANYWHERE})
"""Roles that say where somebody works of whom nobody has said it yet."""


def not_theirs_to_tell(wanted: Sequence[Wanted], base_url: str) -> tuple[tuple[Draft, Issue], ...]:
    """Drafts that would say for another organisation who works for it or who has an agreement with it, and why not."""
    drafts = (w.draft for w in wanted if w.draft.rtype in _WRONG and _is_bound(w.draft.by))
    return tuple((draft, issue) for draft in drafts if (issue := _WRONG[draft.rtype](draft, base_url)) is not None)


def _is_bound(by: Principal) -> bool:
    return by.narrowed and by.acts_as != ANYWHERE


def _moved(draft: Draft, base_url: str) -> Issue | None:
    """Somebody who works at a place is taken away from it by that place."""
    if draft.before is None:
        return None
    old, new = _organization(draft.before, base_url), _organization(draft.after, base_url)
    told_by = draft.by.organization == old if old else draft.by.acts_as in _TELLS
    if old == new or told_by:
        return None
    text = "Where somebody works is changed by the organisation where they work; make another PractitionerRole"
    return error("forbidden", "PractitionerRole.organization", text)


def _agreed(draft: Draft, base_url: str) -> Issue | None:
    """An agreement is told by the organisation that gives it."""
    given_by = {_organization(one, base_url) for one in (draft.before, draft.after) if one is not None}
    if given_by == {draft.by.organization}:
        return None
    text = "An agreement is written by the organisation that it is made with"
    return error("forbidden", "OrganizationAffiliation.organization", text)


def _organization(resource: Resource | None, base_url: str) -> str | None:
    return reference(local(resource, base_url).get("organization")) if resource else None


_WRONG = {MOVING: _moved, AGREEING: _agreed}
