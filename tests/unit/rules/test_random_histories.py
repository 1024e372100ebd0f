"""INV-01, INV-02 and INV-09 hold whatever is asked for in whatever order, and no rule ever raises (SR-16)."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_service.principal import Principal
from fhir_service.rules import Draft
from fhir_service.rules._kinds import kind_of
from fhir_service.rules._team import coordinators
from fhir_service.rules._transitions import BUSINESS_STATUS, TRANSITIONS
from fhir_service.rules.one_plan import in_force
from profiles import names
from profiles.code_systems import codes, concept
from profiles.resource import Resource
from tests.unit.rules.world import (
    STEPS,
    World,
    business_status,
    consent,
    decision,
    goal,
    need,
    need_by_message,
    patient,
    plan,
    reason,
    stay,
    team,
    world_at,
)

WORLDS = {name: world_at(name).resources for name, _ in STEPS}
STATUSES = sorted({s for machine in TRANSITIONS.values() for s in machine if s} | {"finished", "planned"})
BUSINESS = sorted(codes(names.KE_BUSINESS_STATUS))
REASONS = sorted(codes(names.STATUS_REASON))

Ask = Callable[[World], Resource | None]


def made(make: Callable[..., Resource], rid: str, status: str) -> Ask:
    def ask(world: World) -> Resource:
        resource = make(rid=rid)
        return resource | (
            {"lifecycleStatus": "completed"} if resource["resourceType"] == "Goal" else {"status": status}
        )

    return ask


def moved(index: int, status: str, business: str, why: str) -> Ask:
    """Some Task takes a status."""

    def ask(world: World) -> Resource | None:
        tasks = world.of("Task")
        if not tasks:
            return None
        task = tasks[index % len(tasks)]
        more: dict[str, Any] = {"status": status, "statusReason": reason(why)}
        if kind_of(task) == "case Task":
            allowed = BUSINESS_STATUS.get(status, frozenset())
            more["businessStatus"] = business_status(
                business if business in allowed else (sorted(allowed) or [business])[0]
            )
            more["output"] = decision()
        return task | more

    return ask


def changed(index: int, status: str, why: str) -> Ask:
    """Some other resource takes a status."""

    def ask(world: World) -> Resource | None:
        others = [r for r in world.resources.values() if r["resourceType"] not in ("Task", "Patient", "Flag")]
        if not others:
            return None
        extension = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, why)}
        resource = others[index % len(others)]
        known = resource.get("extension", [])
        more = {"extension": [*known, extension]} if resource["resourceType"] == "CarePlan" else {}
        return resource | {"status": status} | more

    return ask


ids = st.sampled_from(["a", "b"])
asks = st.one_of(
    st.builds(
        made, st.sampled_from([need, need_by_message, consent, team, plan, goal, stay]), ids, st.sampled_from(STATUSES)
    ),
    st.builds(moved, st.integers(0, 9), st.sampled_from(STATUSES), st.sampled_from(BUSINESS), st.sampled_from(REASONS)),
    st.builds(changed, st.integers(0, 20), st.sampled_from(STATUSES), st.sampled_from(REASONS)),
)
roles = st.sampled_from([None, None, None, "ke", "coordinator", "notifier", "person", "unit-leader", "nobody"])
causes = st.sampled_from(["rest", "rest", "hl7v2"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(WORLDS)),
    st.lists(st.tuples(st.lists(asks, min_size=1, max_size=3), roles, causes), max_size=12),
)
def test_any_history_keeps_one_plan_and_one_coordinator(
    start: str, history: list[tuple[list[Ask], str | None, str]]
) -> None:
    world = World(deepcopy(WORLDS[start]))
    for wanted, role, cause in history:
        resources = [r for r in (ask(world) for ask in wanted) if r is not None]
        drafts = {d.reference: d for d in (world.draft(r, Principal(role=role), cause) for r in resources)}
        before = deepcopy(world.resources)
        judgement = world.judged(*drafts.values())
        again = world.judged(*drafts.values())
        assert judgement == again  # the same input gives the same answer
        assert world.resources == before  # what is given is not touched
        if judgement.refused:
            assert not judgement.drafts
            continue
        keep(world, list(judgement.drafts))
        assert len([p for p in world.of("CarePlan") if in_force(p)]) <= 1
        open_ones = [c for t in world.of("CareTeam") if t["status"] in ("active", "suspended") for c in coordinators(t)]
        assert len(open_ones) <= 1


def keep(world: World, drafts: list[Draft]) -> None:
    references = [d.reference for d in drafts]
    assert len(references) == len(set(references))  # only the last state of each
    for draft in drafts:
        assert draft.before == world.resources.get(draft.reference)  # `before` is what was there
        assert draft.after is not None
        world.resources[draft.reference] = draft.after


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["CarePlan/plan", "CareTeam/team", "Consent/consent", "ServiceRequest/need", "Goal/goal"]),
    st.sets(st.integers(0, 12), max_size=6),
    st.booleans(),
)
def test_absent_elements_are_never_an_exception(which: str, left_out: set[int], update: bool) -> None:
    """Any element may be missing that R4 does not require."""
    resources = deepcopy(WORLDS["active"])
    resource = resources.pop(which)
    names_of = [k for k in resource if k not in ("resourceType", "id", "status", "category")]
    after = {k: v for k, v in resource.items() if k not in {names_of[i] for i in left_out if i < len(names_of)}}
    if update:
        resources[which] = resource
    world = World(resources)
    world.judged(world.draft(after))


def test_patient_alone_concerns_no_rule() -> None:
    world = World()
    assert [d.reference for d in world.judged(world.draft(patient())).drafts] == ["Patient/arne"]
