"""The persons of domain.md 11, told by the roads that real users take, and how each of them ends, on both databases.

As far as rules reach without clocks: nobody turns 16 and nothing becomes overdue by itself here.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fhir_service.demo import run
from fhir_service.demo.hub import Hub
from fhir_service.demo.play import THERE, stories
from fhir_service.demo.stories.p09_man_moving import HIDDEN
from profiles import names

from .conftest import DATABASES, Service, served_on
from .person import Person, code_of

ROUTES = Path(__file__).parents[2] / "fhir_service" / "demo" / "routes.json"


@pytest.fixture(scope="module", params=DATABASES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Everybody's story has been told, as scripts/run does."""
    folder = tmp_path_factory.mktemp(f"persons-{request.param}")
    environment = {"KNUTEPUNKT_ROUTES": str(ROUTES), "KNUTEPUNKT_INFER_NEED": "true"}
    with served_on(request.param, folder, **environment) as service:
        assert run(service.http, service.mllp, lambda title, outcome: None) == len(stories())
        yield service


@pytest.fixture
def hub(told: Service) -> Hub:
    return told.hub()


def of(hub: Hub, key: str) -> Person:
    return Person(hub, next(story.number for story in stories() if story.key == key))


def outcome(person: Person) -> tuple[str, str]:
    case = person.case()
    return case["status"], code_of(case["businessStatus"])


def at(organization: str) -> tuple[str, str]:
    return "service", f"Organization/{organization}"


def test_everybody_is_told_once_however_often_the_service_starts(told: Service) -> None:
    again: list[str] = []
    assert run(told.http, told.mllp, lambda title, outcome: again.append(outcome)) == 0
    assert again == [THERE] * len(stories())
    hub = told.hub()
    records = {story.key: len(hub.find("Patient", identifier="|".join(story.number))) for story in stories()}
    assert records == dict.fromkeys(records, 1) | {"rune": 2}  # the hospital's and the doctor's (decision 27)


def test_arne_has_a_plan_that_goes_with_him_to_rehabilitation(hub: Hub) -> None:
    person = of(hub, "arne")
    assert outcome(person) == ("in-progress", "coordinator-appointed")
    assert person.case()["priority"] == "urgent"  # he was discharged while the case is open
    assert person.plan()["status"] == "active"
    stay = next(e for e in person.all("Encounter") if "hospitalization" in e)
    assert (stay["status"], person.case()["encounter"]["reference"]) == ("finished", f"Encounter/{stay['id']}")
    assert person.open_work() >= {"person-discharged", "review-plan", "send-feedback"}
    assert person.work()["map-needs", "completed"] == person.work()["draft-plan", "completed"] == 1
    assert person.told() == {"receipt": 1, "decision": 1, "coordinator": 1}
    assert person.consents() == {("plan-creation", "active"): 1, ("plan-sharing", "active"): 1}
    whole = person.seen_by("coordinator", "Organization/ke-5001")
    assert whole == person.seen_by("ke", "Organization/ke-5001") == person.seen_by("person", person=person.record)
    assert whole is not None
    assert len(whole) == 3
    assert person.seen_by(*at("nav-trondheim")) == ["Samtale med arbeidsgiver og Nav"]
    assert person.seen_by(*at("lian")) == ["Logoped to ganger i uken"]
    assert person.seen_by(*at("kirkenes-skole")) is None
    assert person.seen_by("ke", "Organization/ke-4601") is None


def test_lars_has_a_coordinator_from_a_meeting_and_no_plan_yet(hub: Hub) -> None:
    person = of(hub, "lars")
    assert outcome(person) == ("in-progress", "coordinator-appointed")
    assert person.plans() == []
    assert person.open_work() >= {"draft-plan", "send-feedback"}
    assert person.work()["map-needs", "completed"] == 1
    assert person.work()["first-meeting", "completed"] == 1
    (coordinator,) = person.participants("coordinator")
    assert coordinator["member"]["display"] == "Tor Nilsen"
    assert "end" not in coordinator["period"]
    stays = {e["status"] for e in person.all("Encounter") if code_of(e.get("type")) != "samarbeidsmote"}
    assert stays == {"in-progress"}


def test_rune_has_one_case_though_two_told_of_him(hub: Hub) -> None:
    person = of(hub, "rune")
    assert outcome(person) == ("accepted", "awaiting-consent")
    assert person.case()["owner"]["reference"] == "Organization/ke-3224"
    assert {code_of(i["type"]) for i in person.case()["input"]} == {"inferred-need", "possible-duplicate"}
    assert [need["status"] for need in person.all("ServiceRequest")] == ["active", "active"]
    assert person.open_work() == {"obtain-consent"}
    assert person.told() == {"receipt": 2}  # the hospital, too, learns what came of it
    doctor = person.hub.acting("notifier", "Organization/raelingen-legesenter")
    (seen,) = doctor.find("Communication", recipient="Organization/raelingen-legesenter")
    assert code_of(seen["category"]) == "receipt"


def test_son_of_kari_and_ola_has_a_child_coordinator_and_a_late_review(hub: Hub) -> None:
    person = of(hub, "son-of-kari-and-ola")
    assert person.decision()["chosen-right"] == "child-coordinator"
    (coordinator,) = person.participants("child-coordinator")
    assert coordinator["member"]["display"] == "Marit Eira"
    review = next(e for e in person.plan()["extension"] if e["url"] == names.IP_NEXT_REVIEW)
    (task,) = person.tasks("review-plan")
    assert task["restriction"]["period"]["end"].startswith(review["valueDate"])
    assert review["valueDate"] < person.plan()["meta"]["lastUpdated"]
    (mother,) = person.participants("representative")
    consenting = {p["reference"] for c in person.all("Consent") for p in c["performer"]}
    assert consenting == {mother["member"]["reference"]}
    both = ["Møte mellom ungdomsskole og videregående", "Avlastning annenhver helg"]
    assert person.seen_by("person", person=mother["member"]["reference"]) == both
    assert person.seen_by(*at("kirkenes-skole")) == both[:1]
    assert person.seen_by(*at("steinkjer-skole")) is None


def test_son_of_bjorn_is_coordinated_by_an_educator_with_whom_the_family_picked(hub: Hub) -> None:
    person = of(hub, "son-of-bjorn")
    assert person.plan()["status"] == "draft"
    (coordinator,) = person.participants("coordinator")
    held = person.hub.read(coordinator["member"]["reference"])
    assert held["organization"]["reference"] == "Organization/ppt-steinkjer"
    assert "identifier" not in person.hub.read(held["practitioner"]["reference"])  # no HPR number
    members = [person.hub.read(p["member"]["reference"])["organization"] for p in person.participants("member")]
    assert [m["reference"].partition("/")[2] for m in members] == ["fysioterapi-steinkjer", "steinkjer-skole"]
    assert person.open_work() >= {"draft-plan"}
    measures = ["Fysioterapi i skolen"]
    assert person.seen_by("coordinator", "Organization/ppt-steinkjer") == measures
    assert person.seen_by(*at("fysioterapi-steinkjer")) == measures
    assert person.seen_by(*at("steinkjer-skole")) == []  # the frame, and no measure of its own


def test_maritha_has_her_plan_and_nav_no_longer_sees_the_work_training(hub: Hub) -> None:
    person = of(hub, "maritha")
    assert outcome(person) == ("completed", "closed")
    (need,) = person.all("ServiceRequest")
    assert (need["status"], need["requester"]["reference"]) == ("completed", person.record)
    assert person.plan()["status"] == "active"
    (goal,) = person.all("Goal")
    assert goal["expressedBy"]["reference"] == person.record
    assert person.consents()["plan-sharing", "inactive"] == person.consents()["plan-sharing", "active"] == 1
    assert person.seen_by(*at("nav-tvedestrand")) == []
    assert person.seen_by(*at("tvedestrand-verksted")) == ["Arbeidstrening to dager i uken"]
    own = person.seen_by("person", person=person.record)
    assert own == ["Arbeidstrening to dager i uken", "Samtale hver uke"]


def test_newborn_keeps_her_case_when_she_gets_a_national_number(hub: Hub) -> None:
    person = of(hub, "newborn")
    assert outcome(person) == ("accepted", "awaiting-consent")
    known = person.hub.read(person.record)
    systems = {i["system"]: i["use"] for i in known["identifier"]}
    assert systems == {names.FNR: "official", names.FHN: "old"}
    national = next(i["value"] for i in known["identifier"] if i["system"] == names.FNR)
    assert Person(person.hub, (names.FNR, national)).case() == person.case()
    (need,) = person.all("ServiceRequest")
    assert need["requester"]["reference"].startswith("RelatedPerson/")
    assert person.work()["home-visit", "completed"] == 1
    assert person.open_work() == {"obtain-consent"}
    assert person.consents() == {}
    assert person.plans() == []


def test_woman_of_91_keeps_her_coordinator_and_people_close_after_her_death(hub: Hub) -> None:
    person = of(hub, "woman-91")
    assert outcome(person) == ("completed", "closed")
    assert person.decision()["decision-plan"] == "declined-by-person"
    assert person.plans() == person.tasks("draft-plan") == []
    assert person.hub.read(person.record)["deceasedDateTime"]
    assert person.team()["status"] == "active"  # never ended by itself
    (review,) = person.tasks("manual-review")
    assert (review["status"], review["owner"]["reference"]) == ("requested", "Organization/ke-4213")
    assert person.told() == {"receipt": 1, "decision": 1, "coordinator": 1}


def test_man_moving_waits_for_malvik_and_his_address_is_nowhere_else(hub: Hub) -> None:
    person = of(hub, "man-moving")
    assert person.plan()["status"] == "active"
    (asked,) = person.tasks("handover-plan")
    assert (asked["status"], asked["owner"]["reference"]) == ("requested", "Organization/ke-5031")
    assert person.consents() == {("plan-creation", "active"): 1, ("transfer", "active"): 1}
    assert person.seen_by("ke", "Organization/ke-4601") == ["Opptrening", "Finne bolig"]
    assert person.seen_by("ke", "Organization/ke-5031") is None  # until it has accepted
    malvik = person.hub.acting("ke", "Organization/ke-5031")
    assert [t["id"] for t in malvik.find("Task", owner="Organization/ke-5031")] == [asked["id"]]
    kinds = ("Task", "Communication", "CareTeam", "CarePlan", "DocumentReference", "Consent", "Flag", "Goal")
    assert HIDDEN in json.dumps(person.hub.read(person.record), ensure_ascii=False)
    assert HIDDEN not in json.dumps([person.all(kind) for kind in kinds], ensure_ascii=False)


def test_woman_with_a_duf_number_is_refused_and_complains(hub: Hub) -> None:
    person = of(hub, "woman-duf")
    assert outcome(person) == ("in-progress", "decided")
    assert person.decision()["decision-coordinator"] == person.decision()["decision-plan"] == "refused"
    assert person.case()["priority"] == "urgent"
    (answer,) = person.tasks("send-feedback")
    assert code_of(answer["businessStatus"]) == "chased"
    assert person.told()["reminder"] == 2
    assert person.told()["receipt"] == 3  # the first one, and an answer to each reminder
    assert person.open_work() == {"send-feedback", "complaint"}
    assert person.all("CareTeam") == person.plans() == []
    hospital = person.hub.acting("notifier", "Organization/kongsvinger-sykehus")
    (seen,) = hospital.find("Task", patient=person.record, code=f"{names.KE_TASK_CODE}|assess-need")
    assert code_of(seen["businessStatus"]) == "decided"


def test_district_and_age_find_the_office_of_nora(hub: Hub) -> None:
    nora = of(hub, "nora")
    assert nora.case()["owner"]["reference"] == "Organization/ke-5001-heimdal-barn"
    assert outcome(nora) == ("received", "registered")


def test_nobody_is_in_the_log(told: Service) -> None:
    """The services' own words, for eleven persons (domain.md 15, SECURITY.md)."""
    log = told.log.read_text()
    for story in stories():
        assert story.number[1] not in log
    for name in ("Moen", "Arne", "Maritha", "Borghild", HIDDEN):
        assert name not in log


def test_everybody_keeps_to_the_profiles(told: Service) -> None:
    """One resource of each kind that the stories, and the service itself, have made."""
    for rtype in ("CarePlan", "CareTeam", "Task", "Consent", "Goal", "ServiceRequest", "Communication"):
        found = httpx.get(f"{told.fhir}/{rtype}", params={"_count": "200"}).json()["entry"]
        kinds = {code_of(r.get("code") or r.get("category")): r for r in (e["resource"] for e in found)}
        for resource in kinds.values():
            answer = httpx.post(f"{told.fhir}/{rtype}/$validate", json=resource)
            assert answer.status_code == 200, answer.text
            assert [i for i in answer.json()["issue"] if i["severity"] in ("error", "fatal")] == [], resource
