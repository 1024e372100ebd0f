"""K2: a coordinator who is new to it is offered training (domain.md 2.3 R13)."""

from collections.abc import Iterable

from fhir_service.rules._appointing import appointing
from fhir_service.rules._case import children
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import has_code, reference, several
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._tasks import child
from fhir_service.rules._team import COORDINATOR_ROLES as ROLES
from fhir_service.rules._team import coordinator
from profiles import names


def effects(change: Change) -> Iterable[Effect]:
    """`train-coordinator`, the koordinerende enhet's, due in six months; once for each coordinator."""
    team = change.after
    case = appointing(change)
    who = coordinator(team)
    if team is None or case is None or who is None or _is_trained(change.standing, reference(who)):
        return
    known = (reference(t.get("focus")) for t in children(change.standing, "train-coordinator", only_open=False))
    if reference(who) not in known:
        cause = f"{case['id']}|{reference(who)}"
        yield from make(change.standing, child(change, case, "train-coordinator", cause, focus=who))


def _is_trained(standing: Standing, member: str | None) -> bool:
    """Whether the Practitioner has a qualification coded with the role of a coordinator."""
    role = standing.get(member) or {}
    person = standing.get(reference(role.get("practitioner"))) or role
    return any(has_code(q.get("code"), names.TEAM_ROLE, r) for q in several(person.get("qualification")) for r in ROLES)


RULE = Rule(
    id="coordinator-trained",
    title="A new coordinator is offered training",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.5 K2; domain.md 2.3 R13",
    says="Den som ikke er opplært som koordinator, får tilbud om opplæring innen seks måneder.",
    on=frozenset({"CareTeam"}),
    effects=effects,
    order=40,
)
