"""`Consent?actor=` (workflow.md 9): an IpConsent permits in provisions within the outermost one, which denies."""

from tests.rest.cases import Case
from tests.rest.conftest import Rest, matches


def test_consent_is_found_by_who_may_see_the_plan(rest: Rest) -> None:
    case = Case(rest, "by-actor").begins()
    shared = case.consent("plan-sharing", actor="gp")
    case.consent("plan-creation")
    asked = f"Consent?patient={case.ref('Patient', 'person')}&actor={case.ref('Organization', 'gp')}"
    assert matches(rest.get(asked)) == [shared]
    included = rest.get(f"{asked}&_include=Consent:actor").json()["entry"]
    assert [one["resource"]["id"] for one in included] == [shared["id"], "by-actor-gp"]
    assert matches(rest.get(asked.replace("-gp", "-unit"))) == []
    found = rest.get(f"Organization?_has:Consent:actor:category=plan-sharing&_id={case.name}-gp")
    assert [one["id"] for one in matches(found)] == ["by-actor-gp"]
