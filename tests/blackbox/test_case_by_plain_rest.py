"""The koordinerende enhet, the coordinator and a vendor with nothing but CRUD (issue 3, workflow.md 4 and 12).

Every test is one sentence of the workflow, told with plain HTTP as an outside client would.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case, concept
from profiles import names
from profiles.resource import Resource

from .conftest import Service

OSLO = ZoneInfo("Europe/Oslo")
PATCH = {"content-type": "application/json-patch+json"}
PLAN = concept(names.PLAN_CATEGORY, "individuell-plan")


class Client:
    """Plain HTTP as somebody; `said` gives (code, expression) of every issue of a refusal."""

    def __init__(self, service: Service, role: str | None = None) -> None:
        headers = {"content-type": "application/fhir+json"} | ({"x-knutepunkt-role": role} if role else {})
        self.http = httpx.Client(base_url=f"{service.fhir}/", headers=headers)

    def put(self, resource: Resource, **elements: Any) -> httpx.Response:
        """PUT with If-Match; `elements` replaced, None taken out."""
        body = {k: v for k, v in (resource | elements).items() if v is not None}
        match = {"if-match": f'W/"{resource["meta"]["versionId"]}"'}
        return self.http.put(f"{body['resourceType']}/{body['id']}", json=body, headers=match)

    def patch(self, resource: Resource, *operations: Resource) -> httpx.Response:
        match = {"if-match": f'W/"{resource["meta"]["versionId"]}"'}
        return self.http.patch(f"{resource['resourceType']}/{resource['id']}", json=operations, headers=match | PATCH)

    def post(self, resource: Resource) -> httpx.Response:
        return self.http.post(resource["resourceType"], json=resource)


AsRole = Callable[[str | None], Client]


def said(answer: httpx.Response, status: int) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    issues = answer.json()["issue"]
    assert all(i["diagnostics"] for i in issues)
    return [(i["details"]["coding"][0]["code"], i["expression"][0]) for i in issues]


def business(code: str) -> Resource:
    return concept(names.KE_BUSINESS_STATUS, code)


@pytest.fixture
def hub(shared_service: Service) -> Hub:
    return shared_service.hub()


@pytest.fixture
def as_role(shared_service: Service) -> Iterator[AsRole]:
    """Makes clients of a role (None: a developer) and closes them."""
    made: list[Client] = []

    def client(role: str | None) -> Client:
        made.append(Client(shared_service, role))
        return made[-1]

    yield client
    for one in made:
        one.http.close()


@pytest.fixture
def ke(as_role: AsRole) -> Client:
    return as_role("ke")


@pytest.fixture
def coordinator(as_role: AsRole) -> Client:
    return as_role("coordinator")


@pytest.fixture
def developer(as_role: AsRole) -> Client:
    return as_role(None)


def new_case(hub: Hub) -> Case:
    """A case that has just come in."""
    patient = hub.post({"resourceType": "Patient", "address": [{"district": "5001"}]})
    reference = f"Patient/{patient['id']}"
    hub.post(need(reference, reporter(hub, "Legesenteret"), "5001", "obtained-oral", "Trenger flere tjenester."))
    return Case.of_patient(hub, reference)


def decided_case(hub: Hub, plan: str = "granted") -> tuple[Case, Resource]:
    case = new_case(hub)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide(plan=plan)
    return case, consent


def drafted(hub: Hub) -> tuple[Case, Resource]:
    case, consent = decided_case(hub)
    return case, case.draft_plan(case.appoint(("Berg", "Kari")), consent, "Bo hjemme", ["Fysioterapi"])


def written_about(hub: Hub, case: Case) -> Counter[str]:
    """How many resources of each type the person has: side effects that are doubled show here."""
    types = ("ServiceRequest", "Task", "Communication", "CareTeam", "CarePlan", "Flag", "DocumentReference")
    return Counter({rtype: len(hub.find(rtype, patient=case.patient)) for rtype in types})


def test_case_goes_one_step_at_a_time_and_the_refusal_names_the_steps(hub: Hub, ke: Client) -> None:
    task = new_case(hub).task
    answer = ke.put(task, status="in-progress", businessStatus=business("under-assessment"))
    assert said(answer, 422) == [("illegal-transition", "Task.status")]
    assert "received, rejected" in answer.json()["issue"][0]["diagnostics"]


def test_case_is_registered_by_json_patch_with_a_test(hub: Hub, ke: Client) -> None:
    case = new_case(hub)
    register: list[Resource] = [
        {"op": "replace", "path": "/status", "value": "received"},
        {"op": "replace", "path": "/businessStatus", "value": business("registered")},
    ]
    assert said(ke.patch(case.task, {"op": "test", "path": "/status", "value": "accepted"}, *register), 422)
    answer = ke.patch(case.task, {"op": "test", "path": "/status", "value": "requested"}, *register)
    assert answer.status_code == 200, answer.text
    assert written_about(hub, case)["Communication"] == 1  # the receipt


def test_same_content_again_makes_nothing_twice(hub: Hub, ke: Client, coordinator: Client) -> None:
    case, plan = drafted(hub)
    case.activate(plan)
    before = written_about(hub, case)
    team = hub.one("CareTeam", patient=case.patient)
    for client, resource in ((ke, case.hub.read(f"Task/{case.task['id']}")), (ke, team)):
        assert client.put(resource).status_code == 200
    assert coordinator.put(hub.read(f"CarePlan/{plan['id']}")).status_code == 200
    assert written_about(hub, case) == before


def test_case_is_never_changed_without_if_match_nor_deleted(hub: Hub, ke: Client) -> None:
    task = new_case(hub).task
    assert said(ke.http.put(f"Task/{task['id']}", json=task), 428) == [("version-required", "Task")]
    assert said(ke.http.delete(f"Task/{task['id']}"), 409) == [("not-deletable", "Task")]


@pytest.mark.parametrize("element", ["focus", "for", "authoredOn", "requester", "groupIdentifier"])
def test_what_a_case_is_about_never_changes(hub: Hub, ke: Client, element: str) -> None:
    task = new_case(hub).task
    other = {"authoredOn": "2020-01-01", "groupIdentifier": {"value": "1"}}.get(element, {"reference": "Patient/x"})
    assert ("rule", f"Task.{element}") in said(ke.put(task, **{element: other}), 422)


def test_notifier_does_not_move_the_case(as_role: AsRole, hub: Hub) -> None:
    answer = as_role("notifier").put(new_case(hub).task, status="received")
    assert said(answer, 403) == [("forbidden", "Task")]


def test_finished_case_is_never_taken_up_again(hub: Hub, ke: Client) -> None:
    task = new_case(hub).task
    reason = concept(names.STATUS_REASON, "duplicate")
    ended = ke.put(task, status="rejected", businessStatus=business("duplicate"), statusReason=reason)
    for status, code in (("requested", "new"), ("received", "registered")):
        answer = ke.put(ended.json(), status=status, businessStatus=business(code))
        assert said(answer, 422) == [("illegal-transition", "Task.status")]


def test_person_who_declines_the_plan_gets_a_coordinator_and_the_case_closes(hub: Hub, ke: Client) -> None:
    """workflow.md 12, scenarios 9 and 14"""
    case, _ = decided_case(hub, plan="declined-by-person")
    case.appoint(("Strand", "Per"))
    codes = {t["code"]["coding"][0]["code"]: t for t in hub.find("Task", patient=case.patient)}
    assert "draft-plan" not in codes
    told = codes["send-feedback"]
    assert said(ke.put(told, status="completed"), 422) == [("illegal-transition", "Task.status")]
    manual = concept(names.FEEDBACK_STATUS, "manual")
    assert ke.put(told, status="completed", businessStatus=manual, statusReason={"text": "Ringt"}).status_code == 200
    closed = ke.put(hub.read(f"Task/{case.task['id']}"), status="completed", businessStatus=business("closed"))
    assert closed.json()["executionPeriod"]["end"]
    assert hub.one("ServiceRequest", patient=case.patient)["status"] == "completed"


def test_plan_that_is_taken_up_again_needs_a_new_reason_to_end(hub: Hub, coordinator: Client) -> None:
    case, plan = drafted(hub)
    active = case.activate(plan)
    hub.put(hub.one("Consent", patient=case.patient), status="inactive")
    paused = hub.read(f"CarePlan/{active['id']}")
    assert paused["status"] == "on-hold"
    case.consent()
    resumed = coordinator.put(paused, status="active").json()
    assert said(coordinator.put(resumed, status="revoked"), 422) == [("rule", "CarePlan.extension")]
    why = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, "person-declined")}
    revoked = coordinator.put(resumed, status="revoked", extension=[*resumed["extension"], why]).json()
    assert said(coordinator.put(revoked, status="active"), 422) == [("illegal-transition", "CarePlan.status")]


def test_second_plan_is_refused_on_every_road(hub: Hub, coordinator: Client) -> None:
    _, plan = drafted(hub)
    body = {k: v for k, v in plan.items() if k not in ("id", "meta", "identifier")}
    assert said(coordinator.post(body), 409) == [("duplicate-plan", "CarePlan")]
    by_put = coordinator.http.put("CarePlan/vendor-1", json=body | {"id": "vendor-1"})
    assert said(by_put, 409) == [("duplicate-plan", "CarePlan")]
    generic = coordinator.post({k: v for k, v in body.items() if k != "category"}).json()
    by_patch = coordinator.patch(generic, {"op": "add", "path": "/category", "value": [PLAN]})
    assert said(by_patch, 409) == [("duplicate-plan", "CarePlan")]
    assert coordinator.http.get("CarePlan/vendor-1").status_code == 404
    assert hub.read(f"CarePlan/{generic['id']}") == generic


def test_two_plans_do_not_meet_when_a_number_is_given_to_a_person(hub: Hub, developer: Client) -> None:
    first, _ = drafted(hub)
    second, _ = drafted(hub)
    number = [{"system": names.FNR, "value": "15918512397"}]
    hub.put(hub.read(first.patient), identifier=number)
    patient = hub.read(second.patient)
    assert ("duplicate-plan", "Patient") in said(developer.put(patient, identifier=number), 409)
    assert hub.read(second.patient) == patient
    assert len(hub.find("CarePlan", patient=second.patient)) == 1


def test_plans_of_other_kinds_are_free(hub: Hub, as_role: AsRole) -> None:
    """Decision 10"""
    case, _ = drafted(hub)
    anybody = as_role("service")
    zone = {"resourceType": "CarePlan", "status": "active", "intent": "order", "subject": {"reference": case.patient}}
    made = [anybody.post(zone) for _ in range(3)]
    assert [answer.status_code for answer in made] == [201] * 3
    stored = made[0].json()
    assert anybody.http.put(f"CarePlan/{stored['id']}", json=stored | {"status": "draft"}).status_code == 200
    assert anybody.http.delete(f"CarePlan/{stored['id']}").status_code == 204


def test_second_coordinator_is_refused_until_the_first_has_an_end(hub: Hub, ke: Client, coordinator: Client) -> None:
    case, _ = decided_case(hub)
    team = case.appoint(("Berg", "Kari"))
    other = hub.post({"resourceType": "PractitionerRole", "organization": {"reference": case.unit}})
    first, *rest = team["participant"]
    fresh = first | {"member": {"reference": f"PractitionerRole/{other['id']}"}}
    both = [first, *rest, fresh]
    assert said(ke.put(team, participant=both), 409) == [
        ("second-coordinator", f"CareTeam.participant[{len(rest) + 1}]")
    ]
    ended = first | {"period": first["period"] | {"end": first["period"]["start"]}}
    assert said(coordinator.put(team, participant=[ended, *rest, fresh]), 403) == [("forbidden", "CareTeam")]
    assert said(ke.put(team, participant=[ended, *rest, fresh]), 422) == [("rule", "CareTeam.extension")]
    why = [{"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "Slutter"}}]
    assert ke.put(team, participant=[ended, *rest, fresh], extension=why).status_code == 200


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"member": {"reference": "Organization/ke-5001"}}, 422),
        ({"member": {"reference": "Practitioner/kari", "display": "Kari"}}, 422),
        ({"member": {"reference": "Practitioner/kari"}, "onBehalfOf": {"reference": "Organization/ke-5001"}}, 201),
    ],
)
def test_coordinator_is_somebody_at_a_unit(hub: Hub, ke: Client, member: Resource, expected: int) -> None:
    case, _ = decided_case(hub)
    kari = {"resourceType": "Practitioner", "id": "kari"}
    assert ke.http.put("Practitioner/kari", json=kari).status_code in (200, 201)
    role, start = [concept(names.TEAM_ROLE, "coordinator")], date.today().isoformat()  # noqa: DTZ011 - the day here
    team = {
        "resourceType": "CareTeam",
        "status": "proposed",
        "category": [concept(names.TEAM_CATEGORY, "coordination")],
        "subject": {"reference": case.patient},
        "period": {"start": start},
        "participant": [
            {"role": role, "period": {"start": start}, **member},
            {"role": [concept(names.TEAM_ROLE, "person")], "member": {"reference": case.patient}},
            {"role": [concept(names.TEAM_ROLE, "ke")], "member": {"reference": case.unit}},
        ],
        "managingOrganization": [{"reference": case.unit}],
    }
    assert ke.post(team).status_code == expected


@pytest.mark.parametrize(
    ("performer", "owner"),
    [
        ({"reference": "Organization/ke-5031"}, "ke-5031"),
        ({"identifier": {"system": names.ENH, "value": "964338531"}}, "ke-4601"),
        ({"identifier": {"system": names.MUNICIPALITY, "value": "1663"}}, "ke-5031"),  # Malvik until 2017
        (None, "ke-5001"),  # the person's address
    ],
)
def test_need_finds_its_unit_however_it_is_named(hub: Hub, performer: Resource | None, owner: str) -> None:
    patient = hub.post({"resourceType": "Patient", "address": [{"district": "5001"}]})
    request = need(f"Patient/{patient['id']}", reporter(hub, "Legesenteret"), None, "unknown", "Flere tjenester.")
    stored = hub.post(request | ({"performer": [performer]} if performer else {}))
    task = hub.one("Task", focus=f"ServiceRequest/{stored['id']}")
    assert task["owner"]["reference"] == f"Organization/{owner}"
    begun = datetime.fromisoformat(task["meta"]["lastUpdated"]).astimezone(OSLO).date()
    assert date.fromisoformat(task["restriction"]["period"]["end"][:10]) - begun == timedelta(days=28)


def test_need_that_nobody_can_take_says_what_to_send(hub: Hub, developer: Client) -> None:
    patient = person(hub, (names.DUF, "201612345603"), ("Ahmadi", "Zahra"), "1991-04-11", "female")
    request = need(patient, reporter(hub, "Legesenteret"), "9999", "unknown", "Flere tjenester.") | {"intent": "plan"}
    answer = developer.post(request | {"extension": None})
    assert answer.status_code == 400
    del request["extension"]
    told = said(developer.post(request), 422)
    assert told == [
        ("rule", "ServiceRequest.intent"),
        ("rule", "ServiceRequest.extension"),
        ("not-routed", "ServiceRequest.performer"),
        ("profile-required", "ServiceRequest.extension"),  # an extension, and which one
        ("profile-required", "ServiceRequest.extension"),
        ("profile-broken", "ServiceRequest.intent"),
    ]


def test_one_of_twenty_takes_the_case_and_the_plan(as_role: AsRole, hub: Hub) -> None:
    """workflow.md 12, scenario 3, by every road at once."""
    case, consent = decided_case(hub)
    clients = [as_role(None) for _ in range(20)]

    def together(calls: list[Any]) -> Counter[int]:
        with ThreadPoolExecutor(len(calls)) as pool:
            return Counter(f.result().status_code for f in [pool.submit(call) for call in calls])

    fresh = new_case(hub).task
    registered = {"status": "received", "businessStatus": business("registered")}
    assert together([lambda c=c: c.put(fresh, **registered) for c in clients]) == {200: 1, 412: 19}

    team = case.appoint(("Berg", "Kari"))
    body = {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "plan",
        "title": "Individuell plan",
        "subject": {"reference": case.patient},
        "period": {"start": team["period"]["start"]},
        "created": team["period"]["start"],
        "author": {"reference": team["participant"][0]["member"]["reference"]},
        "careTeam": [{"reference": f"CareTeam/{team['id']}"}],
        "supportingInfo": [{"reference": f"Consent/{consent['id']}"}],
        "extension": [{"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": {"reference": case.unit}}],
    }
    generic = [hub.post(body) for _ in range(7)]
    plan = body | {"category": [PLAN]}
    to_category = {"op": "add", "path": "/category", "value": [PLAN]}
    roads = [
        *(lambda c=c: c.post(plan) for c in clients[:7]),
        *(
            lambda c=c, n=n: c.http.put(f"CarePlan/v-{n}", json=plan | {"id": f"v-{n}"})
            for n, c in enumerate(clients[7:13])
        ),
        *(lambda c=c, g=g: c.patch(g, to_category) for c, g in zip(clients[13:], generic, strict=True)),
    ]
    answers = together(roads)
    assert answers[409] == 19
    assert answers[200] + answers[201] == 1
    found = hub.find("CarePlan", patient=case.patient, category=f"{names.PLAN_CATEGORY}|individuell-plan")
    assert [p["status"] for p in found] == ["draft"]
