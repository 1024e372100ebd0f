"""The labels of rows, and the forms in which some resources show (workflow.md 4.5-4.8, ADR 0022)."""

from typing import Any

import pytest

from fhir_service.access.forms import parts_of
from fhir_service.access.labels import column
from fhir_service.access.rows import content_of, labels_of, stays_behind
from profiles import names
from profiles.resource import Resource
from tests.unit.access.plans import hidden_from_representative, sector

WRITER = "Organization/w"
STANDS_FOR = {
    "PractitionerRole/kari": "Organization/unit",
    "PractitionerRole/doctor": "Organization/hospital",
    "ServiceRequest/need": "Organization/hospital",
    "ServiceRequest/second": "Organization/gp",
}


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def to(literal: str) -> Resource:
    return {"reference": literal}


def of(rtype: str, **elements: Any) -> Resource:
    return {"resourceType": rtype, "id": "x", **elements}


def plan(status: str, reason: str | None = None, **more: Any) -> Resource:
    told = [{"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to("Organization/ke")}]
    if reason:
        told.append({"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, reason)})
    category = [concept(names.PLAN_CATEGORY, "individuell-plan")]
    return of("CarePlan", status=status, category=category, extension=told, **more)


CASE = of("Task", code=concept(names.KE_TASK_CODE, "assess-need"), owner=to("Organization/ke"),
          focus=to("ServiceRequest/need"), requester=to("PractitionerRole/doctor"),
          input=[{"valueReference": to("ServiceRequest/second")}, {"valueReference": to("CarePlan/p")}])  # fmt: skip
CHILD = of("Task", code=concept(names.KE_TASK_CODE, "draft-plan"), requester=to("Organization/ke"))
ABORT = of("Task", code=concept(names.TASK_CODE, "abort"), focus=to("Task/case"), owner=to("Organization/ke"),
           requester=to("Organization/hospital"))  # fmt: skip
NEED = of("ServiceRequest", category=[concept(names.REQUEST_CATEGORY, "need-notification")],
          requester=to("PractitionerRole/doctor"), performer=[to("Organization/ke")])  # fmt: skip
SCHOOL = {"security": [{"system": names.SECTOR, "code": "school"}]}
ROWS = [
    (plan("active"), "|%|existence|frame|"),
    (plan("draft"), "|%|existence|frame|"),
    (plan("revoked", "person-declined"), "|%|-coordinator|"),
    (plan("entered-in-error"), "|%|-coordinator|"),
    (plan("completed", "moved"), "|%|-coordinator|-ke|@Organization/ke|"),
    (plan("revoked", "moved"), "|%|-coordinator|-ke|@Organization/ke|"),
    (plan("completed"), "|%|existence|frame|"),
    (of("CareTeam", category=[concept(names.TEAM_CATEGORY, "coordination")]), "|%|coordinators|frame|"),
    (CASE, "|%|@Organization/gp|@Organization/hospital|@Organization/ke|case|"),
    ({**CHILD, "owner": to("Organization/school")}, "|@Organization/school|case|"),
    ({**CHILD, "owner": to("PractitionerRole/kari")}, "|+Organization/unit|^Organization/unit|case|"),
    ({**CHILD, "owner": to("PractitionerRole/unknown")}, "|case|"),
    (ABORT, "|@Organization/hospital|@Organization/ke|case|"),
    (NEED, "|@Organization/hospital|@Organization/ke|case|"),
    (of("Consent", category=[concept(names.CONSENT_KIND, "plan-sharing")]), "|case|"),
    (of("Communication", sender=to("Patient/p"), recipient=[to("PractitionerRole/kari"), to("Organization/ke")]),
     "|+Organization/unit|@Organization/ke|@Patient/p|case|"),
    (of("Communication", category=[concept(names.FEEDBACK_CATEGORY, "decision")], sender=to("Organization/ke"),
        recipient=[to("PractitionerRole/doctor")]), "|@Organization/hospital|@Organization/ke|case|"),
    (of("Encounter", serviceProvider=to("Organization/hospital")), "|@Organization/hospital|case|"),
    (of("Encounter", meta=SCHOOL), "|school|"),
    (of("Flag"), "|case|"),
    (of("Patient", managingOrganization=to("Organization/hospital")), "|@Organization/hospital|case|frame|identity|"),
    (of("RelatedPerson"), "|@RelatedPerson/x|case|frame|identity|"),
    (of("Goal", meta=SCHOOL), "|school|"),
    (of("Goal"), ""),
    (of("CarePlan", status="active"), ""),
    (of("Observation"), ""),
    (of("Communication", sender=to("Organization/a|frame")), "|case|"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected"), ROWS)
def test_row_carries_what_its_resource_says(resource: Resource, expected: str) -> None:
    labels = labels_of(resource, about_person=True, stands_for=STANDS_FOR)
    marks = {label for label in expected.split("|") if label}
    assert labels == marks


@pytest.mark.parametrize(
    ("resource", "handled_by"),
    [
        (CASE, {"#Organization/ke"}),
        (NEED, {"#Organization/other"}),
        (of("Task", partOf=[to("Task/x")]), {"#Organization/ke"}),
        (of("Communication", about=[to("Task/x")]), {"#Organization/ke"}),
        (of("DocumentReference", context={"related": [to("Task/x")]}), {"#Organization/ke"}),
        (of("Consent", organization=[to("Organization/ke")],
            category=[concept(names.CONSENT_KIND, "transfer")]), {"#Organization/ke"}),
        (plan("active", supportingInfo=[to("Task/x")]), set()),
        (of("Provenance", target=[to("Task/x")]), set()),
        (of("Goal"), set()),
    ],
)  # fmt: skip
def test_what_is_about_a_case_is_of_whoever_handles_it(resource: Resource, handled_by: set[str]) -> None:
    handled = {"Task/x": frozenset({"Organization/ke"}), "ServiceRequest/x": frozenset({"Organization/other"})}
    labels = labels_of(resource, about_person=True, stands_for={}, handled=handled)
    assert {label for label in labels if label.startswith("#")} == handled_by


@pytest.mark.parametrize(
    ("resource", "label"),
    [
        (of("Observation"), f"@{WRITER}"),
        (NEED, f"@{WRITER}"),
        (of("DocumentReference", context={"related": [to("CarePlan/p")]}), f"+{WRITER}"),
        (of("DocumentReference", meta=SCHOOL), f"+{WRITER}"),
        (of("Goal"), f"+{WRITER}"),
        (CASE, f"+{WRITER}"),
        (of("Provenance"), None),
        (of("AuditEvent"), None),
    ],
)
def test_writer_sees_what_they_brought_and_of_the_plan_while_a_member(resource: Resource, label: str | None) -> None:
    plain = labels_of(resource, about_person=True, stands_for={})
    written = labels_of(resource, about_person=True, writer=WRITER, stands_for={})
    assert written - plain == ({label} if label else set())
    later = labels_of(resource, about_person=True, writer="Organization/v", before=column(written), stands_for={})
    assert (label in later) == (label is not None)


def test_what_is_about_nobody_is_closed_unless_it_describes_a_service() -> None:
    assert labels_of(of("Organization"), about_person=False, writer=WRITER, stands_for={}) == frozenset()
    assert labels_of(of("Binary"), about_person=False, writer=WRITER, stands_for={}) == {"closed"}
    assert labels_of(of("List"), about_person=False, writer=WRITER, stands_for={}) == {"closed", f"@{WRITER}"}


def activity(rid: str, *labels: Resource) -> Resource:
    return {"id": rid, "extension": list(labels), "detail": {"status": "scheduled", "goal": [to(f"Goal/{rid}")]}}


def forms(told: tuple[tuple[frozenset[str], Resource], ...]) -> dict[str, Resource]:
    """By label, all that it opens."""
    found: dict[str, Resource] = {}
    for labels, elements in told:
        for label in labels:
            form = found.setdefault(label, {})
            form |= {
                name: [*form[name], *part] if name in form and isinstance(part, list) else part
                for name, part in elements.items()
            }
    return found


def test_parts_are_what_each_label_opens() -> None:
    listed = [activity("a", sector("school")), activity("b", sector("nav"), hidden_from_representative())]
    whole = plan("active", description="alt", activity=listed, goal=[to("Goal/a"), to("Goal/b")])
    row = labels_of(whole, about_person=True, stands_for={})
    goals = {"Goal/a": frozenset({"school"}), "Goal/b": frozenset({"+Organization/n"})}
    shown = forms(parts_of(whole, row, goals))
    assert set(shown) == {"existence", "frame", "school", "nav", "+Organization/n", "~representative"}
    seen = {label: [one["id"] for one in form.get("activity", ())] for label, form in shown.items()}
    assert {label: ids for label, ids in seen.items() if ids} == {
        "school": ["a"],
        "nav": ["b"],
        "~representative": ["a"],
    }
    assert [label for label, form in shown.items() if "description" in form] == ["~representative"]
    assert shown["school"]["goal"] == [to("Goal/a")]
    assert shown["+Organization/n"]["goal"] == [to("Goal/b")]


def test_ended_plan_shows_no_part_to_members() -> None:
    whole = plan("completed", "moved", activity=[activity("a", sector("school"), hidden_from_representative())])
    row = labels_of(whole, about_person=True, stands_for={})
    assert set(forms(parts_of(whole, row, {}))) == {"@Organization/ke", "~representative"}


def test_parts_are_of_what_shows_in_parts_only() -> None:
    goal = of("Goal", meta=SCHOOL)
    assert parts_of(goal, frozenset({"school"}), {}) == ()


def test_party_that_is_a_person_sees_a_part() -> None:
    case = {**CASE, "requester": to("Patient/p"), "note": [{"text": "intern"}]}
    shown = forms(parts_of(case, labels_of(case, about_person=True, stands_for={}), {}))
    assert shown["case"] == case
    assert "note" not in shown["@Patient/p"]
    assert "note" not in shown["@Organization/ke"]


def test_content_of_a_plan_is_its_goals_tasks_meetings_and_documents() -> None:
    told = plan("active", goal=[to("Goal/a")], activity=[activity("b"), {"id": "c"}])
    meeting = {**of("Encounter"), "extension": [{"url": names.IP_PLAN, "valueReference": to("CarePlan/x")}]}
    others = [{**CHILD, "basedOn": [to("CarePlan/other")]}, of("Patient"), {**CASE, "focus": to("CarePlan/x")}]
    task = {**CHILD, "id": "t", "basedOn": [to("CarePlan/x")]}
    document = of("DocumentReference", context={"related": [to("CarePlan/x")]})
    content = {"Goal/a", "Goal/b", "Encounter/x", "Task/t", "DocumentReference/x"}
    assert content_of(told, [meeting, task, document, *others]) == content
    assert stays_behind(told) == stays_behind(of("Goal")) == frozenset()
