"""C5b: the decision, with everything that follows from it."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._answer import decision_of
from fhir_service.rules._case import (
    CHILD_DECISION,
    DECISIONS,
    children_of,
    decided,
    grants_coordinator,
    outputs,
    reaches,
)
from fhir_service.rules._decision import wrong_with
from fhir_service.rules._drafting import make, revise, with_output
from fhir_service.rules._elements import reference_to
from fhir_service.rules._feedback import feedback, feedback_on
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._letter import letter
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._plan import plans
from fhir_service.rules._tasks import cancelled_because, child
from fhir_service.rules._team import coordinator_of
from fhir_service.rules._transitions import IN_FORCE
from profiles import names
from profiles.issues import Issue
from profiles.resource import Resource

DECIDED = ("decided", "declined-by-person", "coordinator-search", "coordinator-appointed")
"""Business statuses that a case has only with a decision."""


def check(change: Change) -> Iterable[Issue]:
    """The outputs of 4.4, when the case is decided and whenever they change afterwards."""
    case = change.after
    if case is not None and (reaches(change, *DECIDED) or _redecided(change)):
        yield from wrong_with(case)


def effects(change: Change) -> Iterable[Effect]:
    """Letter, the search for a coordinator, feedback to the notifier."""
    case = change.after
    if case is None:
        return
    if reaches(change, *DECIDED):
        yield from _letter(change, case)
    # A case that comes back from on-hold was told before.
    is_told = any(feedback_on(change.standing, case, "decision"))
    if (reaches(change, *DECIDED) and not is_told) or _redecided(change):
        yield from feedback(change, case, decision_of(case), followed_up=True)
    if reaches(change, *DECIDED) or _redecided(change):
        yield from _appointment(change, case)


def _redecided(change: Change) -> bool:
    """Whether a case that was decided now says something else (K3: the person declines the coordinator)."""
    before, after = change.before, change.after
    if before is None or after is None or kind_of(before) is not Kind.CASE or not outputs(before, DECISIONS[0]):
        return False
    return any(decided(before, kind) != decided(after, kind) for kind in (*DECISIONS, CHILD_DECISION))


def _letter(change: Change, case: Resource) -> Iterator[Draft]:
    if outputs(case, "decision-letter"):
        return
    made = letter(change, case)
    yield from make(change.standing, made)
    entries = with_output(case, names.DECISION_OUTPUT, "decision-letter", {"valueReference": reference_to(made)})
    yield revise(change.standing, case, output=entries)


def _appointment(change: Change, case: Resource) -> Iterator[Draft]:
    """Granted: somebody must be found. No longer granted: nobody needs to be."""
    searching = children_of(change.standing, case, "appoint-coordinator")
    if grants_coordinator(case):
        if not searching and not children_of(change.standing, case, "appoint-coordinator", only_open=False):
            yield from make(change.standing, child(change, case, "appoint-coordinator", case["id"]))
    else:
        yield from (cancelled_because(change.standing, task, "person-declined") for task in searching)
        yield from _draft_by_present(change, case)


def _draft_by_present(change: Change, case: Resource) -> Iterator[Draft]:
    """A plan granted to somebody who has a coordinator already: the drafting begins at once."""
    owner = coordinator_of(change.standing)
    has_plan = any(plans(change.standing, *IN_FORCE))
    if owner is not None and decided(case, "decision-plan") == "granted" and not has_plan:
        yield from make(change.standing, child(change, case, "draft-plan", case["id"], owner=owner))


RULE = Rule(
    id="case-decided",
    title="A decision is complete, put in a letter and told",
    basis="helse- og omsorgstjenesteloven §§ 7-1, 7-2, 7-2 a; pasient- og brukerrettighetsloven §§ 2-5, 7-2; "
    "workflow.md 4.2 C5b, 4.4",
    says="En beslutning har utfall, dato og beslutningstaker, et avslag har grunn; brev og tilbakemelding følger.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
