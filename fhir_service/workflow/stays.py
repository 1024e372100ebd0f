"""A stay opens who coordinates to the hospital where the person is (rule 4 of workflow.md 4.7), so that one tells it.

Over REST a stay is written by its own organisation, as a hospital: one that is registered as a trust, or that calls as
a notifier and is registered as nothing else. A school that says that a child is admitted there learns nothing by it.
"""

from collections.abc import Sequence

from fhir_service.principal import Principal
from fhir_service.rules import INPATIENT, Draft, codings, reference
from fhir_service.workflow.entries import EVERYBODYS
from fhir_service.workflow.known import Known
from fhir_service.workflow.references import local
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

HOSPITAL = "trust"
NOTIFYING = "notifier"
_TEXT = "A stay is told by the hospital where the person is, under its own name (serviceProvider)"


async def not_their_stay(known: Known, wanted: Sequence[Wanted], base_url: str) -> tuple[tuple[Draft, Issue], ...]:
    """Stays that somebody else than the hospital would make or change, each with the issue."""
    asked = [w.draft for w in wanted if _is_stay(w.draft) and w.draft.by.acts_as != EVERYBODYS]
    if known.access.condition is None:
        return ()
    told = [draft for draft in asked if not await _is_theirs(known, draft, base_url)]
    return tuple((draft, error("forbidden", "Encounter.serviceProvider", _TEXT)) for draft in told)


def _is_stay(draft: Draft) -> bool:
    states = (state for state in (draft.before, draft.after) if state is not None)
    return draft.rtype == "Encounter" and any(state.get("class", {}).get("code") in INPATIENT for state in states)


async def _is_theirs(known: Known, draft: Draft, base_url: str) -> bool:
    own = draft.by.organization
    states = (local(state, base_url) for state in (draft.before, draft.after) if state is not None)
    if own is None or any(reference(state.get("serviceProvider")) != own for state in states):
        return False
    registered = await known.get("Organization", own.partition("/")[2])
    return _is_hospital(draft.by, parse_body(registered.body) if registered and registered.body else {})


def _is_hospital(by: Principal, organization: Resource) -> bool:
    kinds = {coding.get("code") for coding in codings(organization.get("type")) if coding.get("system") == names.SECTOR}
    return HOSPITAL in kinds or (by.acts_as == NOTIFYING and not kinds)
