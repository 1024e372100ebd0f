"""Decision 42: who works for a private provider coordinates only where it has an agreement with a municipality."""

from collections.abc import Iterable

from fhir_service.rules._elements import several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._private import has_agreement, is_private
from fhir_service.rules._team import is_coordinator
from fhir_service.rules._times import is_open
from profiles.issues import Issue, error, warning
from profiles.resource import Resource

PROPOSED_OR_AT_WORK = ("proposed", "active", "suspended")
TEXT = (
    "A private provider takes part by agreement: there is no active OrganizationAffiliation with code agreement, the "
    "municipality as organization and the provider as participatingOrganization"
)


def check(change: Change) -> Iterable[Issue]:
    """Refuses such a coordinator, warns of such a member; whoever is there already stays."""
    team = change.after
    if team is None or kind_of(team) is not Kind.TEAM or team.get("status") not in PROPOSED_OR_AT_WORK:
        return
    known = several((change.before or {}).get("participant")) if _is_same_step(change, team) else []
    for place, participant in enumerate(several(team.get("participant"))):
        if participant in known or not is_open(participant.get("period")) or _may(change, participant):
            continue
        told = error if is_coordinator(participant) else warning
        yield told("rule", f"CareTeam.participant[{place}].member", TEXT)


def _is_same_step(change: Change, team: Resource) -> bool:
    """A team that becomes active is looked at anew."""
    return (change.before or {}).get("status") == team.get("status")


def _may(change: Change, participant: Resource) -> bool:
    standing = change.standing
    return not is_private(standing, participant) or has_agreement(standing, participant, change.context.today)


RULE = Rule(
    id="private-by-agreement",
    title="Private providers take part by agreement",
    basis="helse- og omsorgstjenesteloven § 3-1 femte ledd; decision 42, workflow.md 4.5 K1",
    says="Ansatte hos private er koordinator bare der virksomheten har avtale med kommunen.",
    on=frozenset({"CareTeam"}),
    check=check,
)
