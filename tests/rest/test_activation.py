"""What a plan needs to become active beside its slots (workflow.md 5, profile ip-careplan-active; P2 and P5)."""

from profiles import names
from tests.rest.cases import Case
from tests.rest.conftest import FHIR_JSON, Rest, code, issue


def conforms(rest: Rest, plan: object) -> bool:
    asked = f"CarePlan/$validate?profile={names.IP_CARE_PLAN_ACTIVE}"
    told = rest("POST", asked, json=plan, headers=FHIR_JSON).json()
    return all(one["severity"] not in ("error", "fatal") for one in told["issue"])


def test_measure_without_a_sector_keeps_a_plan_from_becoming_active(rest: Rest) -> None:
    case = Case(rest, "no-sector").planned(active=False)
    plan = case.reads(case.ref("CarePlan", "plan"))
    bare = [{key: value for key, value in one.items() if key != "extension"} for one in plan["activity"]]
    draft = case.put(plan, activity=[plan["activity"][0], bare[1]])
    assert not conforms(rest, draft)
    refused = case.puts(draft, status="active")
    assert (refused.status_code, code(refused)) == (422, "profile-required")
    assert issue(refused)["expression"] == ["CarePlan.activity[1].extension"]
    active = case.put(draft, activity=plan["activity"], status="active")
    assert conforms(rest, active)
    assert case.puts(active, activity=bare).status_code == 200  # P3 is never refused for what is missing
    held = case.reads(case.ref("CarePlan", "plan"))
    reason = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "Opphold"}}
    held = case.put(held, status="on-hold", extension=[*held["extension"], reason])
    assert case.puts(held, status="active").status_code == 422


def test_plan_in_force_names_the_consent_that_it_goes_by(rest: Rest) -> None:
    case = Case(rest, "consent-named").planned(active=False)
    draft = case.put(case.reads(case.ref("CarePlan", "plan")), supportingInfo=None)
    assert "supportingInfo" not in draft
    active = case.put(draft, status="active")
    assert active["supportingInfo"] == [{"reference": case.ref("Consent", "plan-creation")}]
    assert conforms(rest, active)
