"""What the service defines is read and searched like everything else; nobody else changes it (workflow.md 13)."""

from pathlib import Path

import pytest

from fhir_service.settings import Settings
from profiles import names
from profiles.resource import Resource
from tests.conformance import EXAMPLES, read
from tests.rest.conftest import BASE, FHIR_JSON, Rest, opened_rest
from tests.rest.operating import codes

PLACES = [
    ("StructureDefinition", "ip-careplan", "IpCarePlan"),
    ("StructureDefinition", "ip-sector", "IpSector"),
    ("CodeSystem", "sector", "Sector"),
    ("ValueSet", "ke-business-status-on-hold", "KeBusinessStatusOnHold"),
    ("ValueSet", "sector", "Sector"),
    ("SearchParameter", "careplan-next-review", "CareplanNextReview"),
]


@pytest.mark.parametrize(("rtype", "rid", "name"), PLACES)
def test_definition_is_read_and_found(rest: Rest, rtype: str, rid: str, name: str) -> None:
    url = f"{names.BASE}/{rtype}/{rid}"
    assert rest.get(f"{rtype}/{rid}").json()["url"] == url
    for query in (f"url={url}", f"name:exact={name}"):
        found = rest.get(f"{rtype}?{query}").json()["entry"]
        assert [e["resource"]["id"] for e in found] == [rid]


def test_naming_system_is_read_and_found(rest: Rest) -> None:
    assert rest.get("NamingSystem/plan-number").json()["kind"] == "identifier"
    found = rest.get(f"NamingSystem?value:exact={names.FNR}").json()["entry"]
    assert [e["resource"]["id"] for e in found] == ["fnr"]


@pytest.mark.parametrize(("rtype", "rid"), [*(p[:2] for p in PLACES), ("NamingSystem", "fnr")])
def test_definition_is_changed_by_nobody_else(rest: Rest, rtype: str, rid: str) -> None:
    stored = rest.get(f"{rtype}/{rid}")
    changed = stored.json() | {"status": "retired"}
    answers = [
        rest("DELETE", f"{rtype}/{rid}"),
        rest.put(changed),
        rest.patch(f"{rtype}/{rid}", [{"op": "replace", "path": "/status", "value": "retired"}]),
    ]
    if rtype != "NamingSystem":  # which has no address
        answers.append(rest.put(changed | {"url": "http://example.org/other"}))
    assert {(a.status_code, *codes(a)) for a in answers} == {(409, "defined-here")}
    assert rest.get(f"{rtype}/{rid}").content == stored.content


def test_address_of_ours_is_nobody_elses(rest: Rest) -> None:
    taken = {"resourceType": "CodeSystem", "url": f"{names.BASE}/CodeSystem/mine", "status": "draft"}
    answer = rest.post(taken | {"content": "complete"})
    assert (answer.status_code, codes(answer)) == (409, ["defined-here"])
    assert rest.post(taken | {"url": "http://example.org/CodeSystem/mine", "content": "complete"}).status_code == 201


def test_profiles_are_told_in_the_statement(rest: Rest) -> None:
    listed = {r["type"]: r.get("supportedProfile", []) for r in rest.get("metadata").json()["rest"][0]["resource"]}
    assert listed["CarePlan"] == [names.IP_CARE_PLAN, names.IP_CARE_PLAN_ACTIVE]
    assert listed["Patient"] == []


def test_second_start_writes_none_again(tmp_path: Path) -> None:
    database = tmp_path / "knutepunkt.db"
    for _ in range(2):
        with opened_rest(Settings(database=f"sqlite:///{database}", mllp="", base_url=BASE), database) as rest:
            assert rest.get("StructureDefinition/ip-careplan").json()["meta"]["versionId"] == "1"


def example(name: str) -> Resource:
    resource: Resource = read(EXAMPLES / f"{name}.json")
    return resource


@pytest.mark.parametrize("element", ["code", "authoredOn", "requester", "identifier"])
def test_need_is_held_to_its_profile_though_it_claims_none(rest: Rest, element: str) -> None:
    need = example("need-notification/from-the-person")
    patient = rest.stored({"resourceType": "Patient"})
    need = need | {"subject": {"reference": f"Patient/{patient['id']}"}}
    need["requester"] = need["subject"]
    del need["meta"], need["id"], need[element]

    answer = rest.post(need)

    assert answer.status_code == 422
    issue = answer.json()["issue"][0]
    assert (codes(answer), issue["expression"]) == (["profile-required"], [f"ServiceRequest.{element}"])


def test_plan_is_asked_whether_it_may_become_active(rest: Rest) -> None:
    at = f"CarePlan/$validate?profile={names.IP_CARE_PLAN_ACTIVE}"
    ready, draft = example("ip-careplan-active/draft-that-is-ready"), example("ip-careplan/draft")
    assert codes(rest("POST", at, json=ready, headers=FHIR_JSON)) == ["done"]
    answer = rest("POST", at, json=draft, headers=FHIR_JSON)
    places = {e for i in answer.json()["issue"] for e in i["expression"]}
    assert {"CarePlan.goal", "CarePlan.activity", "CarePlan.extension"} <= places


def test_validate_passes_over_what_the_service_writes(rest: Rest) -> None:
    draft = example("ip-careplan/draft")
    del draft["identifier"], draft["meta"]
    assert codes(rest("POST", "CarePlan/$validate", json=draft, headers=FHIR_JSON)) == ["done"]
    del draft["title"]
    assert codes(rest("POST", "CarePlan/$validate", json=draft, headers=FHIR_JSON)) == ["required"]
