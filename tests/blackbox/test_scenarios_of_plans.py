"""Scenarios 3, 4, 5, 6, 10, 11 and 12 of workflow.md 12: one plan, several hands, on both databases.

Where an operation has a part in it, by a client that takes it and by one that knows none.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import httpx
import pytest

from fhir_service.demo import messages
from fhir_service.demo.walk import Case
from profiles import names
from profiles.resource import Resource

from .conftest import DATABASES, msa
from .person import code_of
from .scenes import CLIENTS, Plain, Scene, Shortcuts, said, scene_on

IN_FORCE = "draft,active,on-hold"


@pytest.fixture(scope="module", params=DATABASES)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene_on(request.param, tmp_path_factory.mktemp(f"plans-{request.param}")) as made:
        yield made


@pytest.fixture(params=CLIENTS)
def client(scene: Scene, request: pytest.FixtureRequest) -> Plain:
    return CLIENTS[request.param](scene)


def in_force(scene: Scene, case: Case) -> list[Resource]:
    return scene.hub.find("CarePlan", patient=case.patient, status=IN_FORCE)


def diagnostics(answer: httpx.Response) -> str:
    return str(answer.json()["issue"][0]["diagnostics"])


@pytest.mark.parametrize("road", ["post", "transaction"])
def test_two_tools_at_once_make_one_plan(scene: Scene, client: Plain, road: str) -> None:
    """Scenario 3"""
    case, team, consent = scene.coordinated(client)
    made = case.draft_plan(team, consent, "Bo hjemme", ["Fysioterapi"])
    body = {k: v for k, v in made.items() if k not in ("id", "meta", "identifier")}
    scene.change(made, case.coordinator, status="entered-in-error").raise_for_status()

    def create(_: int) -> int:
        if road == "post":
            return scene.ask("POST", "CarePlan", case.coordinator, body).status_code
        entry = {"resource": body, "request": {"method": "POST", "url": "CarePlan"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        answer = scene.ask("POST", "", case.coordinator, bundle)
        return 201 if answer.status_code == 200 else answer.status_code

    with ThreadPoolExecutor(2) as pool:
        assert Counter(pool.map(create, range(2))) == {201: 1, 409: 1}
    assert len(in_force(scene, case)) == 1


def test_two_coordinators_change_different_goals_and_nothing_is_lost(scene: Scene, client: Plain) -> None:
    """Scenario 4"""
    case, base = scene.planned(client)
    mine, theirs = (
        base | {"goal": [*base["goal"], {"reference": f"Goal/{case.goal(text)['id']}"}]}
        for text in ("Sove bedre", "Besøke søsteren min")
    )
    scene.change(base, case.coordinator, goal=theirs["goal"]).raise_for_status()
    late = scene.change(base, case.coordinator, goal=mine["goal"])
    assert said(late, 412)[0][0] == "stale-version"
    assert "mergeable=true" in diagnostics(late)
    merged = client.rebased(case, base, mine)
    current = case.coordinator.read(f"CarePlan/{base['id']}")
    done = scene.change(current, case.coordinator, goal=merged["goal"])
    assert done.status_code == 200, done.text
    wanted = {g["reference"] for g in (*mine["goal"], *theirs["goal"])}
    assert {g["reference"] for g in done.json()["goal"]} == wanted
    assert done.json()["activity"] == base["activity"]


def test_same_goal_changed_by_both_is_not_mergeable(scene: Scene, client: Plain) -> None:
    case, base = scene.planned(client)
    first, *others = base["activity"]
    for text, expected in (("Fysioterapi hver dag", 200), ("Fysioterapi hver måned", 412)):
        changed = first | {"detail": first["detail"] | {"description": text}}
        answer = scene.change(base, case.coordinator, activity=[changed, *others])
        assert answer.status_code == expected
    assert "mergeable=false" in diagnostics(answer)


def test_school_changes_its_own_measure_and_health_stays(scene: Scene, client: Plain) -> None:
    """Scenario 5"""
    case, whole = scene.planned(client)
    school = scene.hub.acting("service", "Organization/skole")
    seen = client.plan_for(school, case)
    assert [a["detail"]["description"] for a in seen["activity"]] == ["Leksehjelp"]
    assert "Fysioterapi" not in str(seen)
    assert "Gå til butikken" not in str(school.find("Goal", patient=case.patient))
    (own,) = seen["activity"]
    changed = own | {"detail": own["detail"] | {"description": "Leksehjelp to ganger i uken"}}
    assert scene.change(seen, school, activity=[changed]).status_code == 200
    health, lessons = case.coordinator.read(f"CarePlan/{whole['id']}")["activity"]
    assert health == whole["activity"][0]
    assert lessons["detail"]["description"] == "Leksehjelp to ganger i uken"
    after = case.coordinator.read(f"CarePlan/{whole['id']}")
    assert {k: v for k, v in after.items() if k not in ("activity", "meta")} == {
        k: v for k, v in whole.items() if k not in ("activity", "meta")
    }


def test_withdrawn_consent_closes_the_schools_part_at_the_next_request(scene: Scene, client: Plain) -> None:
    """Scenario 6"""
    case, plan = scene.planned(client)
    school = scene.hub.acting("service", "Organization/skole")
    assert len(school.read(f"CarePlan/{plan['id']}")["activity"]) == 1
    person = scene.hub.acting("person", person=case.patient)
    shared = next(c for c in person.find("Consent", patient=case.patient) if code_of(c["category"]) == "plan-sharing")
    person.put(shared, status="inactive")
    assert "activity" not in school.read(f"CarePlan/{plan['id']}")  # the frame, as long as it is in the team
    assert school.find("Goal", patient=case.patient) == []
    leaving = case.coordinator.read(plan["careTeam"][0]["reference"])
    ended = [
        p | {"period": p["period"] | {"end": datetime.now(UTC).isoformat(timespec="seconds")}}
        if code_of(p["role"]) == "member"
        else p
        for p in leaving["participant"]
    ]
    case.coordinator.put(leaving, participant=ended)
    assert scene.ask("GET", f"CarePlan/{plan['id']}", school).status_code == 404
    assert school.find("CarePlan", patient=case.patient) == []
    assert list(reads(scene, "Organization/skole", plan)) == [("0", "member"), ("0", "member"), ("4", "")]


def reads(scene: Scene, who: str, plan: Resource) -> Iterator[tuple[str, str]]:
    """What the audit log says of the reads of a plan by an organisation, oldest first: the outcome, and the basis."""
    for event in reversed(scene.hub.find("AuditEvent", _count="200", _sort="-date")):
        read = any(plan["id"] in str(e.get("what", {}).get("reference")) for e in event["entity"])
        agent = next((a for a in event["agent"] if a["who"].get("reference") == who), None)
        if read and agent and event["subtype"][0]["code"] == "read":
            yield event["outcome"], agent.get("policy", [""])[0].rpartition("#")[2]


def test_plan_without_somebody_responsible_is_refused_with_the_slot(scene: Scene, client: Plain) -> None:
    """Scenario 10"""
    case, team, consent = scene.coordinated(client)
    plan = case.draft_plan(team, consent, "Bo hjemme", ["Fysioterapi"])
    nobody = {"id": "2", "detail": {"status": "scheduled", "description": "Avlastning"}}
    answer = scene.change(plan, case.coordinator, status="active", activity=[*plan["activity"], nobody])
    assert said(answer, 422) == [("incomplete-plan", "CarePlan.activity[1].detail.performer")]
    slots = [c["code"] for i in answer.json()["issue"] for c in i["details"]["coding"][1:]]
    assert slots == ["measure-responsible"] or "measure-responsible" in answer.text
    assert scene.hub.read(f"CarePlan/{plan['id']}") == plan


def test_two_records_with_plans_wait_for_the_choice_of_ke(scene: Scene, client: Plain) -> None:
    """Scenario 11"""
    (stays, kept), (goes, ended) = scene.planned(client), scene.planned(client)
    one, two = (scene.hub.read(c.patient)["identifier"][0]["value"] for c in (stays, goes))
    answer = scene.service.exchange(merged(one, two))[0]
    assert msa(answer)[0] == "AA"
    assert [len(in_force(scene, c)) for c in (stays, goes)] == [1, 1]
    waiting = stays.ke.find("Task", code=f"{names.KE_TASK_CODE}|resolve-duplicate", status="requested")
    assert len(waiting) == 1

    link = [{"other": {"reference": stays.patient}, "type": "replaced-by"}]
    refused = scene.change(goes.ke.read(goes.patient), goes.ke, link=link)
    refusals = [refused]
    if isinstance(client, Shortcuts):
        refusals.append(client.merge(stays, goes))
    for refusal in refusals:
        assert "duplicate-plan" in {code for code, _ in said(refusal, 409)}

    client.join_records(stays, goes, kept, ended)
    for record in (stays, goes):  # the person's, by either record
        assert [p["id"] for p in in_force(scene, record)] == [kept["id"]]
    for plan in (kept, ended):
        history = scene.ask("GET", f"CarePlan/{plan['id']}/_history", stays.ke).json()
        versions = [e["resource"]["meta"]["versionId"] for e in history["entry"]]
        assert versions[-1] == "1"
        assert len(versions) >= 2
    assert scene.hub.read(f"CarePlan/{ended['id']}")["status"] == "revoked"
    assert scene.hub.read(f"Task/{waiting[0]['id']}")["status"] == "completed"


def merged(stays: str, goes: str) -> bytes:
    """ADT^A40: the number that goes is the same person's as the one that stays."""
    who = messages.Person(stays, "Prøve", "Person", "", "F", "Gate 1", "7011", "Trondheim", "5001")
    update = messages.death(who, messages.ST_OLAVS, datetime.now(UTC).replace(microsecond=0))
    head, event, _, *_ = update.split("\r")
    pid = f"PID|1||{stays}^^^FNR^FNR||Prøve^Person^^^^^L"
    lines = [head.replace("ADT^A08^ADT_A01", "ADT^A40^ADT_A39"), event, pid, f"MRG|{goes}^^^FNR^FNR"]
    return "".join(f"{line}\r" for line in lines).encode()


def test_plan_is_handed_over_with_its_number_and_is_always_the_one(scene: Scene, client: Plain) -> None:
    """Scenario 12"""
    case, plan = scene.planned(client)
    consent = case.consent("transfer")
    asked = client.hand_over(case, plan, "Organization/ke-5031", consent)
    malvik = scene.hub.acting("ke", "Organization/ke-5031")
    over = Event()

    def watch() -> set[int]:
        seen = {len(in_force(scene, case))}
        while not over.is_set():
            seen.add(len(in_force(scene, case)))
        return seen

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            accepted = scene.change(malvik.read(f"Task/{asked['id']}"), malvik, status="accepted")
        finally:
            over.set()
        assert watching.result() == {1}
    assert accepted.status_code == 200, accepted.text
    (after,) = in_force(scene, case)
    assert (after["id"], after["identifier"]) == (plan["id"], plan["identifier"])
    managing = next(e for e in after["extension"] if e["url"] == names.IP_MANAGING_MUNICIPALITY)
    assert managing["valueReference"]["reference"] == "Organization/ke-5031"
    assert malvik.read(f"CarePlan/{plan['id']}")["activity"] == plan["activity"]
    searching = malvik.find("Task", patient=case.patient, code=f"{names.KE_TASK_CODE}|appoint-coordinator")
    assert [t["owner"]["reference"] for t in searching if t["status"] == "requested"] == ["Organization/ke-5031"]
    former = scene.hub.acting("coordinator", case.unit)
    assert scene.ask("GET", f"CarePlan/{plan['id']}", former).status_code == 404
