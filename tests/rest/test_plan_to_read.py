"""P2: the plan that comes into use is kept as a page, for those who may see all of it (workflow.md 4.6, 4.7)."""

from base64 import b64decode

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case, version
from tests.rest.circles import to
from tests.rest.conftest import FHIR_JSON, Rest, matches

SECRET = "Hemmelig gate 7"
PROTECTED = {"security": [{"system": names.V3_CONFIDENTIALITY, "code": "R"}]}


def found(case: Case, **who: str) -> list[Resource]:
    headers = {f"x-knutepunkt-{name}": value for name, value in who.items()}
    return matches(case.rest("GET", f"DocumentReference?related={case.ref('CarePlan', 'plan')}", headers=headers))


def page(document: Resource, language: str) -> str:
    told = (c["attachment"] for c in document["content"] if c["attachment"]["language"] == language)
    return b64decode(next(told)["data"]).decode()


def test_page_of_a_plan_in_use_tells_it_in_the_languages_of_the_country(rest: Rest) -> None:
    case = Case(rest, "page").planned()
    (document,) = found(case)
    assert {c["attachment"]["contentType"] for c in document["content"]} == {"text/html;charset=utf-8"}
    assert document["date"] <= case.reads(case.ref("CarePlan", "plan"))["meta"]["lastUpdated"]
    for language in ("nb", "nn", "en"):
        told = page(document, language)
        assert all(text in told for text in ("Bo hjemme", "a1", "Prøvesen", "unit"))


def test_page_is_for_those_who_see_the_whole_plan(rest: Rest) -> None:
    case = Case(rest, "pagefor").planned()
    for who in (
        {"role": "ke", "organization": "Organization/ke-5001"},
        {"role": "coordinator", "organization": case.ref("Organization", "unit")},
        {"role": "person", "person": case.ref("Patient", "person")},
    ):
        assert len(found(case, **who)) == 1, who
    for role, organization in (("notifier", case.ref("Organization", "gp")), ("service", "Organization/ke-4601")):
        assert found(case, role=role, organization=organization) == []


def test_protected_address_is_in_nothing_that_is_told(rest: Rest) -> None:
    """workflow.md 12, scenario 15: letter, feedback, page."""
    case = Case(rest, "pageprotected").begins()
    person = case.reads(case.ref("Patient", "person"))
    address = {"use": "home", "line": [SECRET], "district": "5001", "postalCode": "7099"}
    body = {**person, "meta": PROTECTED, "address": [address], "telecom": [{"system": "phone", "value": "99887766"}]}
    assert rest("PUT", f"Patient/{person['id']}", json=body, headers=FHIR_JSON | version(person)).status_code == 200
    case.moves("received", "registered")
    case.moves("accepted", "under-assessment")
    case.consent("plan-creation")
    case.moves("in-progress", "under-assessment")
    decided = {"coding": [{"system": names.KE_BUSINESS_STATUS, "code": "decided"}]}
    case.put(case.task, businessStatus=decided, output=case.decision())
    case.put(case.keeps("CareTeam", "team", **case.team()), status="active")
    goal = {"lifecycleStatus": "active", "description": {"text": "Bo hjemme"}, "subject": case.person}
    case.keeps("Goal", "goal", **goal)
    case.put(case.keeps("CarePlan", "plan", **{**case.plan(), "goal": [to(case.ref("Goal", "goal"))]}), status="active")
    told = [*case.finds("Communication"), *case.finds("DocumentReference")]
    texts = [str(one) for one in told]
    texts += [b64decode(c["attachment"]["data"]).decode() for one in told for c in one.get("content", ())]
    assert len(told) > 3
    assert not [text for text in texts if SECRET in text or "7099" in text or "99887766" in text]
