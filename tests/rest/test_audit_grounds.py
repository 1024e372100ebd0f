"""Each event names what opened it to whoever asked (INV-07, scenario 6 of workflow.md 12)."""

import pytest

from profiles.resource import Resource
from tests.rest.circles import Circle, circle, to
from tests.rest.conftest import Rest, matches


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    return circle(rest, "grounds")


def _ground(event: Resource) -> str:
    policies = [policy for agent in event["agent"] for policy in agent.get("policy", ())]
    return policies[0].rpartition("#")[2] if policies else ""


CALLERS = [
    ("ke", "ke", "custodian"),
    ("coordinator", "unit", "coordinator"),
    ("service", "school", "member"),
    ("coordinator", "school", "member"),
    ("ke", "school", "member"),
]


@pytest.mark.parametrize("what", ["CarePlan/grounds-plan", "Patient/grounds-person", "Goal?patient=grounds-person"])
@pytest.mark.parametrize(("role", "organization", "ground"), CALLERS)
def test_reads_name_what_opened_them(one: Circle, what: str, role: str, organization: str, ground: str) -> None:
    assert one.reads(what, one.who(role, organization)).status_code == 200
    latest = matches(one.rest.get("AuditEvent?patient=grounds-person&_count=1"))
    assert [_ground(event) for event in latest] == [ground]


def test_reads_through_transactions_and_histories_name_it_too(one: Circle) -> None:
    entry = [{"request": {"method": "GET", "url": one.plan}}, {"request": {"method": "GET", "url": "Patient"}}]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
    claimed = one.who("ke", "school")
    assert one.asks("POST", "", claimed, bundle).status_code == 200
    assert one.reads(f"{one.plan}/_history", claimed).status_code == 200
    latest = matches(one.rest.get("AuditEvent?patient=grounds-person&_count=3"))
    assert [_ground(event) for event in latest] == ["member"] * 3


def test_changes_name_what_opened_them(one: Circle) -> None:
    goal = one.goal("", "school", "Lese mer")
    del goal["id"]
    made = one.asks("POST", "Goal", one.who("coordinator", "school"), goal)
    assert made.status_code == 201, made.text
    (event,) = matches(one.rest.get(f"AuditEvent?entity=Goal/{made.json()['id']}&action=C"))
    assert _ground(event) == "member"


def test_a_search_of_several_names_it_for_each(rest: Rest) -> None:
    one, other = circle(rest, "several-one"), circle(rest, "several-other")
    team = other.reads(other.ref("CareTeam", "team"), {}).json()
    for member in team["participant"]:
        if member["member"] == to(other.ref("PractitionerRole", "teacher")):
            member["member"] = to(one.ref("PractitionerRole", "kari"))
    assert other.put(team, 2).status_code == 200
    found = one.reads(f"CarePlan?_id={one.id('plan')},{other.id('plan')}", one.coordinator)
    assert len(matches(found)) == 2
    for circle_of, ground in ((one, "coordinator"), (other, "member")):
        (event,) = matches(rest.get(f"AuditEvent?patient={circle_of.id('person')}&_count=1"))
        assert _ground(event) == ground


def test_nobodys_resources_and_empty_answers_need_no_ground(one: Circle) -> None:
    who = one.who("ke", "stranger")
    assert matches(one.reads("Task?_id=grounds-none", who)) == []
    assert one.reads(one.ref("Organization", "ke"), who).status_code == 200
    latest = matches(one.rest.get("AuditEvent?_count=2"))
    assert [_ground(event) for event in latest] == ["", ""]
