"""A view that was made before is given again only where it would be made the same (workflow.md 4.7; SR-27, SR-28).

Beside it stands what a transaction reads: there each view is made anew.
"""

from collections.abc import Callable

import pytest

from fhir_service.access.view import reduced
from fhir_service.workflow import shown
from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, sector, seen, to
from tests.rest.conftest import Rest


class Moving(Circle):
    """A plan with everything that labels its parts, each by somebody of the school."""

    def service(self, at: str) -> Resource:
        whose = to(self.ref("Organization", at))
        return {"resourceType": "HealthcareService", "id": self.id("clinic"), "providedBy": whose}

    def group(self, at: str) -> Resource:
        owned = {"subject": to(self.ref("Patient", "person")), "managingOrganization": [to(self.ref(*_at(at)))]}
        return {"resourceType": "CareTeam", "id": self.id("class"), **owned}

    def role(self, at: str) -> Resource:
        works = {"organization": to(self.ref(*_at(at)))}
        return {"resourceType": "PractitionerRole", "id": self.id("teacher"), **works}

    def with_named(self, at: str) -> Resource:
        """The team, somebody by name among its members."""
        team, named = self.team(), to(self.ref("Practitioner", "named"))
        role = [concept(names.TEAM_ROLE, "member")]
        member = {"role": role, "member": named, "onBehalfOf": to(self.ref(*_at(at))), "extension": [sector("school")]}
        return {**team, "status": "active", "participant": [*team["participant"], member]}

    def plan_of(self, title: str) -> Resource:
        performers = (
            *(("PractitionerRole", "teacher"), ("HealthcareService", "clinic"), ("CareTeam", "class")),
            *(("Practitioner", "named"), ("Organization", "school"), ("PractitionerRole", "physio")),
        )
        goal = [to(self.ref("Goal", what)) for what in ("reading", "walking")]
        listed = [
            {"id": f"done-{n}", "detail": {"status": "scheduled", "goal": goal, "performer": [to(self.ref(*one))]}}
            for n, one in enumerate(performers)
        ]
        return self.care_plan(status="active", title=title, activity=listed)


def _at(what: str) -> tuple[str, str]:
    return "Organization", what


@pytest.fixture(scope="module")
def moving(rest: Rest) -> Moving:
    made = Moving(rest, circle(rest, "again").name)
    made.keeps({"resourceType": "Practitioner", "id": made.id("named")})
    for one in (made.service("school"), made.group("school")):
        made.keeps(one)
    made.keeps(made.with_named("school"), 2)
    made.keeps(made.plan_of("Plan"), 2)
    return made


CHANGES: dict[str, Callable[[Moving], Resource]] = {
    "a goal gets another label": lambda m: m.goal("walking", "school", "Gå"),
    "a permission is withdrawn": lambda m: m.consent("plan-sharing"),
    "a goal is one of others": lambda m: m.goal("reading", "municipal-health", "Lese"),
    "a permission is for others": lambda m: m.consent("plan-sharing", ("health", "municipal-health")),
    "a teacher works elsewhere": lambda m: m.role("health"),
    "a service is another's": lambda m: m.service("health"),
    "a group is another's": lambda m: m.group("health"),
    "somebody takes part for another": lambda m: m.with_named("health"),
    "the plan changes": lambda m: m.plan_of("Den samme planen"),
    "the team is as it was": lambda m: m.with_named("school"),
}


def told(moving: Moving, literal: str, who: dict[str, str]) -> tuple[int, Resource]:
    """What a plain read tells, the same twice, and a transaction as well."""
    first, again = moving.reads(literal, who), moving.reads(literal, who)
    entry = {"request": {"method": "GET", "url": literal}}
    answer = moving.asks("POST", "", who, {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    if answer.status_code == 200:
        (one,) = answer.json()["entry"]
        assert one["resource"] == first.json() == again.json()
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == answer.status_code
    return first.status_code, first.json()


@pytest.mark.parametrize("change", CHANGES)
def test_view_is_what_it_would_be_made_now(moving: Moving, change: str) -> None:
    resource = CHANGES[change](moving)
    callers = (moving.school, moving.who("service", "health"), moving.coordinator, moving.stranger)
    literals = (moving.plan, moving.ref("CareTeam", "team"))
    before = [told(moving, literal, who) for literal in literals for who in callers]
    literal = f"{resource['resourceType']}/{resource['id']}"
    moving.keeps(resource, int(moving.rest.get(literal).json()["meta"]["versionId"]))
    after = [told(moving, literal, who) for literal in literals for who in callers]
    assert before != after


def test_view_is_made_once_for_who_sees_the_same(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    made = circle(rest, "once")
    calls: list[str] = []

    def noted(resource: Resource, *more: object) -> Resource:
        calls.append(resource["id"])
        return reduced(resource, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(shown, "reduced", noted)
    views = [made.reads(made.plan, made.school) for _ in range(3)]
    assert (len(calls), {view.content for view in views}) == (1, {views[0].content})
    assert seen(made.reads(made.plan, made.who("service", "health")).json()) == []
    assert len(calls) == 2
    made.keeps({**made.care_plan(), "status": "active", "title": "Ny"}, 2)
    assert made.reads(made.plan, made.school).json()["title"] == "Ny"
    assert len(calls) == 3


def test_view_is_made_anew_where_a_goal_is_not_the_persons(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether that one may be read hangs on what is open with somebody else."""
    made = circle(rest, "another")
    goal = made.goal("borrowed", "school", "Svømme")
    made.keeps({**goal, "subject": {"display": "gruppen"}})
    made.keeps({**made.care_plan(), "status": "active", "goal": [to(made.ref("Goal", "borrowed"))]}, 2)
    calls: list[str] = []

    def noted(resource: Resource, *more: object) -> Resource:
        calls.append(resource["id"])
        return reduced(resource, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(shown, "reduced", noted)
    assert "goal" not in made.reads(made.plan, made.school).json()
    made.reads(made.plan, made.school)
    assert len(calls) == 2
