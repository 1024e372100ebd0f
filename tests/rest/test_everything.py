"""Patient/$everything and CarePlan/[id]/$everything.  https://hl7.org/fhir/R4/patient-operation-everything.html"""

from typing import Any

import pytest

from profiles.resource import Resource
from tests.rest.conftest import Rest, code, link
from tests.rest.operating import called, parameter, valid


def of(resource: Resource) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def names(bundle: Resource) -> set[str]:
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle.get("entry", ())}


def name(resource: Resource) -> str:
    return of(resource)["reference"]


@pytest.fixture(scope="module")
def world(rest: Rest) -> dict[str, Resource]:
    """Two patients; one has a plan and what belongs to it."""
    made: dict[str, Resource] = {}

    def make(key: str, rtype: str, **values: Any) -> Resource:
        made[key] = rest.stored({"resourceType": rtype, **values})
        return made[key]

    patient, other = make("patient", "Patient"), make("other", "Patient")
    hospital = make("hospital", "Organization", name="Sykehus")
    doctor = make("doctor", "Practitioner", active=True)
    role = make("role", "PractitionerRole", practitioner=of(doctor), organization=of(hospital))
    text = {"text": "x"}
    condition = make("condition", "Condition", subject=of(patient), onsetDateTime="2019-05-01")
    make("seen", "Observation", status="final", code=text, subject=of(patient), effectiveDateTime="2020-01-01")
    make("of-other", "Observation", status="final", code=text, subject=of(other), performer=[of(hospital)])
    goal = make("goal", "Goal", lifecycleStatus="active", description=text, subject=of(patient), expressedBy=of(doctor))
    team = make("team", "CareTeam", status="active", subject=of(patient), participant=[{"member": of(role)}])
    request = make(
        "request", "ServiceRequest", status="active", intent="order", subject=of(patient), requester=of(hospital)
    )
    plan = make(
        "plan",
        "CarePlan",
        status="active",
        intent="plan",
        subject=of(patient),
        goal=[of(goal)],
        careTeam=[of(team)],
        addresses=[of(condition)],
        activity=[{"reference": of(request)}],
    )
    make("task", "Task", status="requested", intent="order", basedOn=[of(plan)], owner=of(other))
    make("provenance", "Provenance", target=[of(plan)], recorded="2026-01-01T00:00:00Z", agent=[{"who": of(doctor)}])
    kind = {"coding": [{"system": "https://knutepunkt.no/fhir/CodeSystem/consent-kind", "code": "plan-creation"}]}
    scope = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]}
    told = {"dateTime": "2026-01-01", "performer": [of(patient)], "organization": [of(hospital)]}
    heard = {"policy": [{"uri": "urn:x"}], "verification": [{"verified": True}], "provision": {"type": "deny"}}
    make("consent", "Consent", status="proposed", scope=scope, category=[kind], patient=of(patient), **told, **heard)
    make("part", "CarePlan", status="active", intent="plan", subject=of(patient), partOf=[of(plan)])
    return made


ABOUT_PATIENT = {
    "patient", "condition", "seen", "goal", "team", "request", "plan", "provenance", "consent", "part",
}  # fmt: skip


def pages(rest: Rest, path: str) -> list[Resource]:
    found, following = [], f"{path}"
    while following:
        answer = rest.get(following)
        found.append(valid(answer))
        following = link(answer, "next") or ""
    return found


def expected(world: dict[str, Resource], *keys: str) -> set[str]:
    return {name(world[key]) for key in keys}


def test_everything_of_a_patient_is_the_compartment_and_what_it_refers_to(rest: Rest, world: Any) -> None:
    bundle = valid(rest.get(f"{name(world['patient'])}/$everything"))
    modes = {
        m: names({"entry": [e for e in bundle["entry"] if e["search"]["mode"] == m]}) for m in ("match", "include")
    }
    inside = ABOUT_PATIENT - {"provenance"}
    assert expected(world, *inside) <= modes["match"]
    assert expected(world, "hospital", "role") <= modes["include"] | modes["match"]
    assert not expected(world, "other", "of-other") & (modes["match"] | modes["include"])
    assert bundle["total"] == len(modes["match"])


def test_pages_have_everything_once(rest: Rest, world: Any) -> None:
    whole = valid(rest.get(f"{name(world['patient'])}/$everything"))
    read = pages(rest, f"{name(world['patient'])}/$everything?_count=3")
    matches = [name(e["resource"]) for page in read for e in page["entry"] if e["search"]["mode"] == "match"]
    assert len(matches) == len(set(matches)) == whole["total"]
    assert {page["total"] for page in read} == {whole["total"]}
    assert all(len([e for e in page["entry"] if e["search"]["mode"] == "match"]) <= 3 for page in read)


def test_page_link_that_was_changed_is_refused(rest: Rest, world: Any) -> None:
    """SR-19"""
    next_page = link(rest.get(f"{name(world['patient'])}/$everything?_count=2"), "next")
    assert next_page
    assert code(rest.get(next_page[:-3] + "AAA")) == "bad-page-token"
    assert code(rest.get(next_page + "&_type=Goal")) == "bad-page-token"
    assert code(rest.get(next_page.replace(name(world["patient"]), name(world["other"])))) == "bad-page-token"


def test_types_and_times_narrow_it_down(rest: Rest, world: Any) -> None:
    at = f"{name(world['patient'])}/$everything"
    assert names(valid(rest.get(f"{at}?_type=Goal,Condition"))) >= expected(world, "goal", "condition")
    assert names(valid(rest.get(f"{at}?_type=Goal"))) == expected(world, "goal")  # nor who it refers to
    assert names(valid(rest.get(f"{at}?_type=Goal,Practitioner"))) == expected(world, "goal", "doctor")
    later = names(valid(rest.get(f"{at}?start=2020-01-01")))
    assert expected(world, "seen", "goal", "patient") <= later
    assert not expected(world, "condition") & later
    earlier = names(valid(rest.get(f"{at}?end=2019-12-31")))
    assert expected(world, "condition") <= earlier
    assert not expected(world, "seen") & earlier
    assert "entry" not in valid(rest.get(f"{at}?_since=2100-01-01T00:00:00Z"))
    assert expected(world, "seen") <= names(valid(rest.get(f"{at}?_since=2000-01-01T00:00:00Z")))


def test_parameters_come_in_a_body_as_well(rest: Rest, world: Any) -> None:
    answer = called(rest, f"{name(world['patient'])}/$everything", parameter("_type", valueCode="Goal"))
    assert expected(world, "goal") <= names(valid(answer))
    assert (link(answer, "self") or "").endswith("/$everything?_type=Goal")


def test_everything_of_all_patients_is_told_at_the_type(rest: Rest, world: Any) -> None:
    found = set().union(*map(names, pages(rest, "Patient/$everything?_count=5")))
    assert expected(world, "patient", "other", "seen", "of-other", "goal", "plan") <= found


def test_a_part_of_everything_can_be_asked_for(rest: Rest, world: Any) -> None:
    at = f"{name(world['patient'])}/$everything"
    whole = valid(rest.get(at))
    counted = valid(rest.get(f"{at}?_summary=count"))
    assert (counted["total"], "entry" in counted) == (whole["total"], False)
    first = rest.get(f"{at}?_elements=status&_count=2")
    following = link(first, "next")
    assert following
    for answer in (first, rest.get(following)):
        assert all("SUBSETTED" in str(e["resource"]["meta"]) for e in answer.json()["entry"])


def test_everything_of_a_plan_is_what_its_coordinator_needs(rest: Rest, world: Any) -> None:
    bundle = valid(rest.get(f"{name(world['plan'])}/$everything"))
    told = {
        *("plan", "patient", "goal", "team", "role", "doctor", "hospital", "condition", "request", "task"),
        *("consent", "provenance", "part"),
    }
    assert names(bundle) == expected(world, *told)
    assert name(bundle["entry"][0]["resource"]) == name(world["plan"])
    assert bundle["total"] == len(told)


def test_everything_of_a_plan_can_be_narrowed_down(rest: Rest, world: Any) -> None:
    at = f"{name(world['plan'])}/$everything"
    assert names(valid(rest.get(f"{at}?_type=Goal,Task"))) == expected(world, "goal", "task")
    assert "entry" not in valid(rest.get(f"{at}?_since=2100-01-01T00:00:00%2B01:00"))
    assert "entry" not in valid(rest.get(f"{at}?_summary=count"))


def test_plan_with_more_than_can_be_told_says_so(rest: Rest, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """SR-8"""
    monkeypatch.setattr("fhir_service.workflow.everything_plan.MOST", 5)
    bundle = valid(rest.get(f"{name(world['plan'])}/$everything"))
    assert len(bundle["entry"]) == 6
    assert bundle["entry"][-1]["search"]["mode"] == "outcome"


@pytest.mark.parametrize("rtype", ["Patient", "CarePlan"])
def test_everything_of_nothing_is_told_as_by_a_read(rest: Rest, world: Any, rtype: str) -> None:
    assert code(rest.get(f"{rtype}/never-there/$everything")) == "not-found"
    values = {"status": "draft", "intent": "plan", "subject": of(world["other"])} if rtype == "CarePlan" else {}
    gone = rest.stored({"resourceType": rtype, **values})
    rest("DELETE", name(gone))
    assert code(rest.get(f"{name(gone)}/$everything")) == "deleted"


@pytest.mark.parametrize(
    "query",
    [
        *("start=yesterday", "end=2020-13-01", "_since=2020", "_type=Nothing", "_type=", "_type=Bundle,x", "_count=x"),
        *("_count=-1", "start=2020&start=2021", "name=x"),
    ],
)
def test_bad_parameter_is_refused(rest: Rest, world: Any, query: str) -> None:
    answer = rest.get(f"{name(world['patient'])}/$everything?{query}")
    assert answer.status_code == 400, answer.text
    assert code(answer) in ("bad-parameter-value", "unknown-parameter")
    assert rest.get(f"{name(world['plan'])}/$everything?_type=Nothing").status_code == 400


def test_large_page_is_looked_through_as_well(rest: Rest) -> None:
    patient = rest.stored({"resourceType": "Patient"})
    place = rest.stored({"resourceType": "Organization", "name": "x"})
    for _ in range(2):
        note = [{"text": "x" * 40_000}]
        rest.stored({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": of(patient),
                     "performer": [of(place)], "note": note})  # fmt: skip
    assert name(place) in names(valid(rest.get(f"{name(patient)}/$everything")))
