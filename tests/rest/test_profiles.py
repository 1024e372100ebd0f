"""Profiles that are stored here are enforced on what claims them.  https://hl7.org/fhir/R4/profiling.html"""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest
from tests.rest.operating import codes, parameter

URL = "http://example.org/StructureDefinition/named"
VALUES = "http://example.org/ValueSet/genders"


def row(rid: str, least: int, **says: Any) -> dict[str, Any]:
    base = {"path": rid, "min": 0, "max": "*"}
    return {"id": rid, "path": rid, "definition": "x", "min": least, "max": "*", "base": base, **says}


def definition(*rows: dict[str, Any], **more: Any) -> Resource:
    return {
        "resourceType": "StructureDefinition",
        "id": "named",
        "url": URL,
        "version": "1",
        "name": "Named",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "snapshot": {"element": [row("Patient", 0), *rows]},
        **more,
    }


NAMED = row("Patient.name", 1)
BOUND = row("Patient.gender", 1, binding={"strength": "required", "valueSet": VALUES})


def patient(url: str = URL, **says: Any) -> Resource:
    return {"resourceType": "Patient", "meta": {"profile": [url]}, **says}


def value_set(*concepts: str) -> Resource:
    include = [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": c} for c in concepts]}]
    return {
        "resourceType": "ValueSet",
        "id": "genders",
        "url": VALUES,
        "status": "active",
        "compose": {"include": include},
    }


@pytest.fixture
def named(rest: Rest) -> Rest:
    assert rest.put(definition(NAMED)).status_code in (200, 201)
    return rest


def test_claim_of_a_stored_profile_is_enforced(named: Rest) -> None:
    refused = named.post(patient(gender="male"))
    assert (refused.status_code, codes(refused)) == (422, ["profile-required"])
    assert refused.json()["issue"][0]["expression"] == ["Patient.name"]
    assert named.post(patient(name=[{"family": "Moe"}])).status_code in (200, 201)


@pytest.mark.parametrize(("version", "status"), [("|1", 422), ("|2", 201)])
def test_version_of_a_claim_is_the_one_that_is_meant(named: Rest, version: str, status: int) -> None:
    assert named.post(patient(URL + version)).status_code == status


def test_stored_profile_that_has_become_stricter_judges_what_stays(named: Rest) -> None:
    stored = named.stored(patient(name=[{"text": "Moe"}]))
    assert named.put(definition(NAMED, row("Patient.name.family", 1))).status_code == 200
    refused = named.put({**stored, "active": True})
    assert (refused.status_code, codes(refused)) == (422, ["profile-required"])
    assert refused.json()["issue"][0]["expression"] == ["Patient.name[0].family"]


def test_claim_of_a_profile_that_is_not_stored_is_accepted(named: Rest) -> None:
    assert named.post(patient("http://example.org/StructureDefinition/other")).status_code in (200, 201)


def test_update_and_patch_are_held_to_the_claim(named: Rest) -> None:
    stored = named.stored(patient(name=[{"family": "Moe"}]))
    without = {name: value for name, value in stored.items() if name != "name"}

    assert codes(named.put(without)) == ["profile-required"]
    assert codes(named.patch(f"Patient/{stored['id']}", [{"op": "remove", "path": "/name"}])) == ["profile-required"]


def test_transaction_is_held_to_the_claims_in_it(named: Rest) -> None:
    entries = [{"resource": patient(), "request": {"method": "POST", "url": "Patient"}}]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    answer = named("POST", "", json=bundle, headers=FHIR_JSON)

    assert (answer.status_code, codes(answer)) == (422, ["profile-required"])


def test_profiles_of_a_transaction_are_bounded_together(named: Rest, monkeypatch: pytest.MonkeyPatch) -> None:  # SR-8
    monkeypatch.setattr("fhir_service.workflow.profiles.MOST_SECONDS", -1.0)
    one = {"request": {"method": "POST", "url": "Patient"}, "resource": patient(name=[{"family": "Moe"}])}
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [one, one]}
    refused = named("POST", "", json=body, headers=FHIR_JSON)
    assert (refused.status_code, codes(refused)) == (422, ["too-costly"])
    assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[0].resource.meta.profile"]


def test_change_of_a_profile_holds_at_once(named: Rest) -> None:
    assert named.post(patient()).status_code == 422
    assert named.put(definition()).status_code in (200, 201)
    assert named.post(patient()).status_code in (200, 201)
    assert named.put(definition(NAMED)).status_code in (200, 201)
    assert named.post(patient()).status_code == 422
    assert named("DELETE", "StructureDefinition/named").status_code == 204
    assert named.post(patient()).status_code in (200, 201)


def test_change_of_a_value_set_holds_at_once(rest: Rest) -> None:
    assert rest.put(definition(BOUND)).status_code in (200, 201)
    assert rest.post(patient(gender="male")).status_code == 201  # its codes are not known yet
    assert rest.put(value_set("female")).status_code in (200, 201)
    assert codes(rest.post(patient(gender="male"))) == ["profile-broken"]
    assert rest.put(value_set("female", "male")).status_code in (200, 201)
    assert rest.post(patient(gender="male")).status_code in (200, 201)


def test_extension_is_held_to_its_definition_where_a_profile_is_claimed(named: Rest) -> None:
    url = "http://example.org/StructureDefinition/eyes"
    kinds = [{"code": "string"}]
    eyes = definition(id="eyes", url=url, name="Eyes", kind="complex-type", type="Extension")
    eyes["snapshot"] = {"element": [row("Extension", 0), row("Extension.value[x]", 1, type=kinds)]}
    eyes["context"] = [{"type": "element", "expression": "Patient"}]
    assert named.put(eyes).status_code in (200, 201)
    name = [{"family": "Moe"}]

    answer = named.post(patient(name=name, extension=[{"url": url, "valueInteger": 2}]))

    assert codes(answer) == ["profile-broken"]
    assert named.post(patient(name=name, extension=[{"url": url, "valueString": "blue"}])).status_code in (200, 201)


def test_validate_tells_what_is_not_known_and_what_cannot_be_used(rest: Rest) -> None:
    without = {name: value for name, value in definition().items() if name != "snapshot"}
    assert rest.put({**without, "differential": {"element": [{"id": "Patient", "path": "Patient"}]}}).status_code in (
        200,
        201,
    )
    other = "http://example.org/StructureDefinition/other"
    both = {"resourceType": "Patient", "meta": {"profile": [URL, other]}}

    answer = rest("POST", "Patient/$validate", json=both, headers=FHIR_JSON)

    assert sorted(codes(answer)) == ["profile-unknown", "profile-unusable"]
    assert {issue["severity"] for issue in answer.json()["issue"]} == {"information"}
    assert rest.post(both).status_code in (200, 201)
    body = {
        "resourceType": "Parameters",
        "parameter": [parameter("resource", resource=both), parameter("profile", valueUri=URL)],
    }
    named_one = rest("POST", "Patient/$validate", json=body, headers=FHIR_JSON)
    assert (named_one.status_code, codes(named_one)) == (422, ["profile-unusable"])


def test_validate_by_a_profile_tells_what_it_says(named: Rest) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [parameter("resource", resource={"resourceType": "Patient"}), parameter("profile", valueUri=URL)],
    }

    answer = named("POST", "Patient/$validate", json=body, headers=FHIR_JSON)

    assert (answer.status_code, codes(answer)) == (200, ["required"])


def test_wrong_check_digits_are_stored_unless_they_are_refused(rest: Rest) -> None:
    """ADR 0019."""
    identifier = [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "15918512398"}]

    assert rest.post({"resourceType": "Patient", "identifier": identifier}).status_code in (200, 201)


def test_extension_of_ours_is_held_to_its_definition_on_any_resource(rest: Rest) -> None:
    """workflow.md 13: `ip-discharge-ready` is a dateTime, also on a stay that claims no profile."""
    stay = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    }
    ready = f"{names.EXTENSION}/ip-discharge-ready"
    refused = rest.post(stay | {"extension": [{"url": ready, "valueBoolean": True}]})
    assert (refused.status_code, codes(refused)) == (422, ["profile-broken"])
    assert rest.post(stay | {"extension": [{"url": ready, "valueDateTime": "2026-11-22"}]}).status_code == 201
    assert rest.post(stay | {"extension": [{"url": "urn:x", "valueBoolean": True}]}).status_code == 201
