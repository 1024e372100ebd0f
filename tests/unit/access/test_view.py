"""What is hidden is in no view, and a view changes nothing that it does not show: SR-27, SR-28, workflow.md 7.5."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.access.marks import mark_of, unmarked
from fhir_service.access.through import Through, written_through
from fhir_service.access.view import closed_in, labels_of_activity, looked_up, reduced
from fhir_service.rules import differences
from fhir_service.sight import ALL, ALL_BUT_HIDDEN, CASE, COORDINATORS, EXISTENCE, FRAME, OWN, WHOLE, Sight
from profiles import names
from profiles.issues import Issue
from profiles.resource import Resource
from tests.unit.access.plans import edits, plans, sector, seen, sights

GOALS = frozenset({"Goal/g", "Goal/h"})


def _hidden_activities(plan: Resource, sight: Sight) -> list[Resource]:
    return [a for a in plan.get("activity", ()) if not sight.shows(labels_of_activity(a))]


def _without_texts(plan: Resource) -> Resource:
    return {name: value for name, value in plan.items() if name != "text"}


@given(plans(), sights(), seen)
def test_view_has_nothing_hidden(plan: Resource, sight: Sight, goals: frozenset[str]) -> None:
    told = json.dumps(reduced(plan, sight, goals))
    for activity in _hidden_activities(plan, sight):
        assert json.dumps(activity["detail"]["description"]) not in told
    for goal in GOALS - goals:
        assert json.dumps(goal) not in told
    if not sight.shows(()):
        for name in ("description", "note", "text"):
            assert name not in plan or json.dumps(plan[name]) not in told


@given(plans(), sights(), seen)
def test_view_is_marked_when_something_is_cut_and_only_then(
    plan: Resource, sight: Sight, goals: frozenset[str]
) -> None:
    view = reduced(plan, sight, goals)
    assert (mark_of(view) is None) == (view is plan)
    assert unmarked(view)["meta"] == plan["meta"]
    assert reduced(plan, sight, goals) == view  # the mark is that of the view, not of the moment
    assert looked_up(plan) <= GOALS


def _made(full: Resource, view: Resource, submitted: Resource) -> Resource:
    """What becomes of the whole, where nothing is in the way."""
    through = written_through(full, view, submitted)
    assert isinstance(through, Through)
    assert through.conflicts == ()
    return through.resource


@given(plans(), sights(), seen)
def test_unchanged_view_changes_nothing(plan: Resource, sight: Sight, goals: frozenset[str]) -> None:
    view = reduced(plan, sight, goals)
    assert _made(plan, view, copy.deepcopy(view)) == plan


@given(st.data())
def test_changed_view_changes_what_it_shows_and_nothing_else(data: st.DataObject) -> None:
    plan, sight, goals = data.draw(plans()), data.draw(sights()), data.draw(seen)
    view = reduced(plan, sight, goals)
    edited = data.draw(edits(view))
    made = _made(plan, view, edited)
    for activity in _hidden_activities(plan, sight):
        assert activity in made["activity"]
    if not sight.shows(()):
        for name in ("description", "note", "text", "contained"):
            assert made.get(name) == plan.get(name)
    for goal in plan.get("goal", ()):
        assert goal["reference"] in goals or goal in made["goal"]
    ids = [a["id"] for a in made.get("activity", ()) if "id" in a]
    assert len(ids) == len(set(ids))
    again = unmarked(reduced(made, sight, goals))
    # What was added outside of one's own sectors is there, and not seen by whoever added it.
    unsighted = {a["id"] for a in edited.get("activity", ()) if not sight.shows(labels_of_activity(a)) and "id" in a}
    expected = _without_texts(unmarked(edited))
    left = [_readable(a, goals) for a in expected.pop("activity", []) if a.get("id") not in unsighted]
    shown = _without_texts(again)
    assert _sorted(shown.pop("activity", [])) == _sorted(left)
    expected.pop("contained", None)
    shown.pop("contained", None)
    assert shown == expected


def _sorted(listed: list[Resource]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in listed)


def _readable(activity: Resource, goals: frozenset[str]) -> Resource:
    detail = dict(activity["detail"])
    left = [g for g in detail.pop("goal", ()) if g["reference"] in goals]
    return {**activity, "detail": {**detail, **({"goal": left} if left else {})}}


PLAN: Resource = {
    "resourceType": "CarePlan",
    "id": "p",
    "meta": {"versionId": "1", "tag": [{"system": "urn:t", "code": "x"}]},
    "status": "active",
    "category": [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}],
    "title": "Plan",
    "description": "Ressurser og behov",
    "activity": [
        {
            "id": "h",
            "extension": [sector("municipal-health")],
            "detail": {"status": "scheduled", "description": "Fysioterapi"},
        },
        {"id": "s", "extension": [sector("school")], "detail": {"status": "scheduled", "description": "Leksehjelp"}},
    ],
}
SCHOOL = Sight(labels=frozenset({FRAME, "school", OWN + "Organization/school"}), organization="Organization/school")


def test_school_sees_its_own_activity_and_the_frame() -> None:
    view = reduced(PLAN, SCHOOL)
    assert [a["id"] for a in view["activity"]] == ["s"]
    assert (view["title"], view["status"]) == ("Plan", "active")
    assert "description" not in view
    assert [c["code"] for c in view["meta"]["security"]] == ["REDACTED"]


@pytest.mark.parametrize(
    "sight",
    [
        WHOLE,
        *(Sight(labels=frozenset({label}), organization="Organization/ke") for label in (ALL, "~ke", "~coordinator")),
    ],
)
def test_who_sees_everything_gets_the_plan_itself(sight: Sight) -> None:
    assert reduced(PLAN, sight) is PLAN


def test_other_resources_are_seen_whole_or_not_at_all() -> None:
    goal = {"resourceType": "Goal", "id": "g", "description": {"text": "x"}}
    assert reduced(goal, SCHOOL) is goal


def test_order_of_what_is_seen_is_kept() -> None:
    """Scenario 5 of workflow.md 12: the health entries stay where they were."""
    view = reduced(PLAN, SCHOOL)
    edited = copy.deepcopy(view)
    edited["activity"][0]["detail"]["status"] = "in-progress"
    made = _made(PLAN, view, edited)
    assert [(a["id"], a["detail"]["status"]) for a in made["activity"]] == [("h", "scheduled"), ("s", "in-progress")]


def test_what_stands_in_a_hidden_place_is_refused() -> None:
    view = reduced(PLAN, SCHOOL)
    stated = {**view, "description": "Noe annet"}
    taken = {**view, "activity": [*view["activity"], {"id": "h", "detail": {"status": "completed"}}]}
    for submitted, at in ((stated, "CarePlan.description"), (taken, "CarePlan.activity.where(id='h')")):
        told = written_through(PLAN, view, submitted)
        assert isinstance(told, Through)
        assert [(i.code, i.at) for i in told.conflicts] == [("no-consent", at)]
        assert differences(PLAN, told.resource) == ()


def test_view_of_another_consent_is_stale() -> None:
    """7.5: consent changed meanwhile. What is shown now but was not then is not taken for removed."""
    wider = Sight(labels=SCHOOL.labels | {"municipal-health"}, organization="Organization/school")
    narrow, wide = reduced(PLAN, SCHOOL), reduced(PLAN, wider)
    for view, submitted in ((wide, narrow), (narrow, wide), (PLAN, narrow)):
        told = written_through(PLAN, view, submitted)
        assert isinstance(told, Issue)
        assert told.code == "stale-version"


def test_nothing_is_taken_out_of_a_view_that_is_not_marked() -> None:
    view = reduced(PLAN, SCHOOL)
    bare = {name: value for name, value in unmarked(view).items() if name != "activity"}
    told = written_through(PLAN, view, bare)
    assert isinstance(told, Issue)
    assert told.code == "stale-version"
    more = {**unmarked(view), "title": "Ny tittel"}
    made = _made(PLAN, view, more)
    assert [d.path for d in differences(PLAN, made)] == ["CarePlan.title"]


def test_narrative_of_a_part_is_no_narrative_of_the_whole() -> None:
    view = reduced(PLAN, SCHOOL)
    made = _made(PLAN, view, {**view, "text": {"status": "generated", "div": "<div/>"}})
    assert made == PLAN


def test_notifier_sees_how_far_the_case_has_got() -> None:
    """Rule 4 of workflow.md 4.7: status, outcome and deadline, no notes, no inputs, no reasons."""

    def output(code: str, system: str = names.DECISION_OUTPUT) -> Resource:
        return {"type": {"coding": [{"system": system, "code": code}]}, "valueString": code}

    case = {
        "resourceType": "Task", "id": "t", "status": "completed",
        "code": {"coding": [{"system": names.KE_TASK_CODE, "code": "assess-need"}]},
        "businessStatus": {"text": "Lukket"}, "note": [{"text": "hemmelig"}], "input": [output("x", "urn:i")],
        "description": "hemmelig", "output": [output("decision-plan"), output("decision-reason")],
    }  # fmt: skip
    view = reduced(case, Sight(organization="Organization/hospital"))
    assert (view["status"], view["businessStatus"]) == ("completed", {"text": "Lukket"})
    assert [o["valueString"] for o in view["output"]] == ["decision-plan"]
    assert not {"note", "input", "description"} & set(view)
    assert mark_of(view)


def test_member_sees_the_team_without_why_it_was_made() -> None:
    team = {
        "resourceType": "CareTeam", "id": "t", "status": "active", "note": [{"text": "hemmelig"}],
        "category": [{"coding": [{"system": names.TEAM_CATEGORY, "code": "coordination"}]}],
        "extension": [{"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "x"}}, {"url": "urn:x"}],
        "participant": [{"member": {"reference": "Organization/school"}}],
    }  # fmt: skip
    view = reduced(team, SCHOOL)
    assert "note" not in view
    assert (view["participant"], len(view["extension"])) == (team["participant"], 1)
    assert reduced(team, Sight(labels=frozenset({ALL_BUT_HIDDEN}))) is team


def test_case_is_whole_to_whoever_handles_it() -> None:
    code = {"coding": [{"system": names.KE_TASK_CODE, "code": "assess-need"}]}
    case = {"resourceType": "Task", "id": "t", "status": "requested", "code": code, "note": [{"text": "x"}]}
    assert reduced(case, Sight(labels=frozenset({CASE}))) is case
    assert "note" not in reduced(case, Sight(labels=frozenset({FRAME})))


def test_leader_of_a_unit_and_trust_with_a_stay_see_who_coordinates_and_no_more() -> None:
    def participant(*roles: str, **more: Resource) -> Resource:
        codings = [{"system": names.TEAM_ROLE, "code": role} for role in roles]
        return {"role": [{"coding": [coding]} for coding in codings], "member": {"reference": "Practitioner/a"}, **more}

    team = {
        "resourceType": "CareTeam", "id": "t",
        "category": [{"coding": [{"system": names.TEAM_CATEGORY, "code": "coordination"}]}],
        "participant": [
            *(participant(role) for role in ("member", "person", "ke")),
            participant("member", "coordinator", extension={"url": names.IP_SECTOR}),
            participant("coordinator", period={"end": "2026-01-01"}),
            participant("deputy", period={"start": "2026-01-01"}),
        ],
    }  # fmt: skip
    view = reduced(team, Sight(labels=frozenset({COORDINATORS})))
    assert view["participant"] == [
        participant("member", "coordinator"),
        participant("deputy", period={"start": "2026-01-01"}),
    ]


def test_whoever_may_know_that_there_is_a_plan_sees_no_more() -> None:
    view = reduced({**PLAN, "careTeam": [{"reference": "CareTeam/1"}]}, Sight(labels=frozenset({EXISTENCE})))
    assert set(view) == {"resourceType", "id", "meta", "status", "category"}


def test_entry_that_the_current_version_hides_is_hidden_before() -> None:
    now = {**PLAN, "activity": [{**PLAN["activity"][1], "extension": [sector("municipal-health")]}]}
    assert closed_in(now, SCHOOL) == {"s"}
    assert closed_in(now, WHOLE) == closed_in({"resourceType": "CarePlan"}, SCHOOL) == frozenset()
    assert "activity" not in reduced(PLAN, SCHOOL, frozenset(), closed_in(now, SCHOOL))


def test_contained_resources_are_shown_as_far_as_the_view_leads_to_them() -> None:
    def contained(rid: str, **more: Resource) -> Resource:
        return {"resourceType": "Organization", "id": rid, **more}

    def performed(number: int, rid: str) -> Resource:
        one = copy.deepcopy(PLAN["activity"][number])
        one["detail"]["performer"] = [{"reference": f"#{rid}"}]
        return one

    plan = {
        **PLAN,
        "contained": [contained("a"), contained("b", partOf={"reference": "#c"}), contained("c")],
        "activity": [performed(0, "a"), performed(1, "b")],
    }
    view = reduced(plan, SCHOOL)
    assert [one["id"] for one in view["contained"]] == ["b", "c"]
    assert _made(plan, view, view) == plan
    nothing_hidden = {**plan, "activity": [performed(1, "b")], "description": None}
    nothing_hidden = {k: v for k, v in nothing_hidden.items() if v is not None and k != "contained"}
    assert reduced(nothing_hidden, SCHOOL) is nothing_hidden
