"""Who carries out an activity sees it, whichever way the plan names them (workflow.md 4.7; SR-27, SR-28)."""

import pytest

from fhir_service.sight import OWN
from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, seen, to
from tests.rest.conftest import Rest, matches


def done_by(*literals: str) -> list[Resource]:
    """An activity without a sector's label for each performer."""
    return [
        {"id": f"done-{n}", "detail": {"status": "scheduled", "performer": [to(literal)]}}
        for n, literal in enumerate(literals)
    ]


@pytest.fixture(scope="module")
def family(rest: Rest) -> Circle:
    made = circle(rest, "performers", shared=())
    ref, school = made.ref, to(made.ref("Organization", "school"))
    made.keeps({"resourceType": "HealthcareService", "id": made.id("clinic"), "providedBy": school})
    made.keeps({"resourceType": "Practitioner", "id": made.id("named")})
    person = to(ref("Patient", "person"))
    made.keeps(
        {"resourceType": "CareTeam", "id": made.id("class"), "subject": person, "managingOrganization": [school]}
    )
    team = made.team()
    role = [concept(names.TEAM_ROLE, "member")]
    member = {"role": role, "member": to(ref("Practitioner", "named")), "onBehalfOf": school}
    made.keeps({**team, "status": "active", "participant": [*team["participant"], member]}, 2)
    performers = [
        *(ref("PractitionerRole", "teacher"), ref("HealthcareService", "clinic"), ref("Practitioner", "named")),
        *(ref("CareTeam", "class"), ref("Organization", "school"), ref("PractitionerRole", "physio")),
        ref("CareTeam", "team"),
    ]
    made.keeps(made.care_plan(status="active", activity=done_by(*performers)), 2)
    return made


def test_performer_sees_what_they_carry_out_in_whatever_capacity(family: Circle) -> None:
    theirs = [f"done-{n}" for n in range(5)]
    assert seen(family.reads(family.plan, family.school).json()) == theirs
    [found] = matches(family.reads(f"CarePlan?_id={family.id('plan')}", family.school))
    assert seen(found) == theirs
    assert seen(family.reads(family.plan, family.who("service", "health")).json()) == ["done-5"]


@pytest.mark.parametrize(
    ("rtype", "who", "found"),
    [("PractitionerRole", "teacher", 1), ("Practitioner", "named", 1), ("PractitionerRole", "physio", 0)],
)
def test_performer_finds_by_what_they_carry_out(family: Circle, rtype: str, who: str, found: int) -> None:
    page = family.reads(f"CarePlan?performer={family.ref(rtype, who)}", family.school)
    assert len(matches(page)) == found


def test_performer_changes_what_they_carry_out(family: Circle) -> None:
    view = family.reads(family.plan, family.school).json()
    version = int(view["meta"]["versionId"])
    view["activity"][2]["detail"]["description"] = "Hver onsdag"
    answer = family.put(view, version, family.school)
    assert answer.status_code == 200, answer.text
    whole = family.rest.get(family.plan).json()
    assert (whole["activity"][2]["detail"]["description"], len(whole["activity"])) == ("Hver onsdag", 7)
    assert OWN + family.ref("Organization", "school") not in answer.text


def test_plan_is_found_by_who_works_elsewhere_now(rest: Rest) -> None:
    """The rows by which it is found follow the role, in the same transaction."""
    made = circle(rest, "moves", shared=())
    nurse = {"resourceType": "PractitionerRole", "id": made.id("nurse")}
    made.keeps({**nurse, "organization": to(made.ref("Organization", "health"))})
    role = made.ref("PractitionerRole", "nurse")
    made.keeps(made.care_plan(status="active", activity=done_by(role)), 2)
    asked = f"CarePlan?performer={role}"
    assert not matches(made.reads(asked, made.school))
    made.keeps({**nurse, "organization": to(made.ref("Organization", "school"))}, 1)
    assert len(matches(made.reads(asked, made.school))) == 1
    assert not matches(made.reads(asked, made.who("service", "health")))


def test_plan_is_found_by_a_goal_as_that_is_labelled_now(rest: Rest) -> None:
    """What links to a goal shows to whom the goal shows, whichever of them was written last."""
    made = circle(rest, "relabels")
    goal, asked = made.goal("walking", "municipal-health", "Gå"), f"CarePlan?goal={made.ref('Goal', 'walking')}"
    assert not matches(made.reads(asked, made.school))
    version = made.rest.get(made.plan).json()["meta"]["versionId"]
    made.keeps(made.goal("walking", "school", "Gå"), 1)
    assert len(matches(made.reads(asked, made.school))) == 1
    made.keeps(goal, 2)
    assert not matches(made.reads(asked, made.school))
    made.keeps({**goal, "description": {"text": "Gå lenger"}}, 3)
    assert int(made.rest.get(made.plan).json()["meta"]["versionId"]) == int(version) + 2  # only with the labels


def test_meeting_is_the_persons_who_takes_part(rest: Rest) -> None:
    """An Appointment names its patient among others, and shows by label like what else is theirs."""
    made = circle(rest, "meetings")
    ref = made.ref

    def meeting(what: str, code: str, *actors: str) -> str:
        taking_part = [{"actor": to(actor), "status": "accepted"} for actor in actors]
        security = [{"system": names.SECTOR, "code": code}]
        told = {"status": "proposed", "meta": {"security": security}, "participant": taking_part}
        made.keeps({"resourceType": "Appointment", "id": made.id(what), **told})
        return ref("Appointment", what)

    person, teacher = ref("Patient", "person"), ref("PractitionerRole", "teacher")
    theirs = meeting("theirs", "school", person, teacher)
    others = meeting("others", "municipal-health", person)
    nobodys = meeting("nobodys", "school", teacher)
    everybody = made.who("person", person=person)
    meetings = (theirs, others, nobodys)
    answers = [made.reads(one, who).status_code for who in (made.school, everybody) for one in meetings]
    assert answers == [200, 404, 404, 200, 200, 404]
    assert len(matches(made.reads(f"Appointment?patient={person}", made.school))) == 1
