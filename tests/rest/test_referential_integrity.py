"""What is referred to here exists, and stays as long as it is referred to."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from fhir_service.settings import Settings
from profiles.resource import Resource
from tests.rest.conftest import BASE, Rest, code, issue, opened_rest


def observation(reference: str) -> Resource:
    subject = {"reference": reference}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject}


def patient(rest: Rest) -> str:
    return f"Patient/{rest.stored({'resourceType': 'Patient'})['id']}"


@pytest.mark.parametrize("form", ["Patient/{0}", BASE + "/Patient/{0}", "Patient/{0}/_history/1"])
def test_what_refers_to_nothing_is_refused_and_told_where(rest: Rest, form: str) -> None:
    answer = rest.post(observation(form.format(uuid4())))
    assert (answer.status_code, code(answer)) == (422, "dangling-reference")
    assert issue(answer)["expression"] == ["Observation.subject"]


def test_every_dangling_reference_is_told(rest: Rest) -> None:
    sent = observation("Patient/none") | {"performer": [{"reference": "Practitioner/none"}, {"reference": "#p"}]}
    sent["contained"] = [{"resourceType": "Practitioner", "id": "p", "qualification": [{"code": {"text": "x"}}]}]
    sent["contained"][0]["qualification"][0]["issuer"] = {"reference": "Organization/none"}
    told = rest.post(sent).json()["issue"]
    assert sorted(i["expression"][0] for i in told) == [
        "Observation.contained[0].qualification[0].issuer",
        "Observation.performer[0]",
        "Observation.subject",
    ]


def test_of_thousands_of_dangling_references_not_all_are_told(rest: Rest) -> None:  # SR-8, SR-16
    entries = [{"item": {"reference": f"Patient/none-{number}"}} for number in range(4000)]
    answer = rest.post({"resourceType": "List", "status": "current", "mode": "working", "entry": entries})
    assert (answer.status_code, code(answer)) == (422, "dangling-reference")
    told = answer.json()["issue"]
    assert [told[0]["expression"], told[199]["expression"]] == [["List.entry[0].item"], ["List.entry[199].item"]]
    assert told[200]["diagnostics"] == "There are more issues: the first 200 are told"
    assert len(told) == 201


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "http://other.test/fhir/Patient/1"},
        {"reference": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"},
        {"identifier": {"system": "https://example.org", "value": "1"}},
        {"display": "Somebody"},
    ],
)
def test_references_that_are_not_to_this_server_are_left_alone(rest: Rest, reference: Resource) -> None:
    assert rest.post(observation("") | {"subject": reference}).status_code == 201


def test_a_canonical_address_and_a_bundle_are_left_alone(rest: Rest) -> None:
    answers = {"resourceType": "QuestionnaireResponse", "status": "completed"}
    assert rest.post(answers | {"questionnaire": f"{BASE}/Questionnaire/x"}).status_code == 201
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation("Patient/none")}]}
    assert rest.post(bundle).status_code == 201


def test_what_refers_to_something_deleted_is_refused(rest: Rest) -> None:
    gone = patient(rest)
    rest("DELETE", gone)
    assert code(rest.post(observation(gone))) == "dangling-reference"
    assert rest.post(observation(f"{gone}/_history/1")).status_code == 201  # that version can still be read


def test_a_version_that_never_was_is_not_there(rest: Rest) -> None:
    target = patient(rest)
    answers = [rest.post(observation(f"{target}/_history/{version}")) for version in ("1", "2", "0", "01", "x")]
    assert [a.status_code for a in answers] == [201, 422, 422, 422, 422]
    assert code(answers[1]) == "dangling-reference"
    assert rest.put({"resourceType": "Patient", "id": target.partition("/")[2]}).status_code == 200
    assert rest.post(observation(f"{target}/_history/2")).status_code == 201


def test_what_refers_to_itself_is_there(rest: Rest) -> None:
    rid = str(uuid4())
    itself = {"resourceType": "Organization", "id": rid, "name": "x", "partOf": {"reference": f"Organization/{rid}"}}
    assert rest.put(itself).status_code == 201
    assert rest("DELETE", f"Organization/{rid}").status_code == 204


def test_update_and_patch_are_held_to_it(rest: Rest) -> None:
    stored = rest.stored(observation(patient(rest)))
    answer = rest.put(stored | {"subject": {"reference": "Patient/none"}})
    assert (answer.status_code, code(answer)) == (422, "dangling-reference")
    operations = [{"op": "replace", "path": "/subject/reference", "value": "Patient/none"}]
    assert code(rest.patch(f"Observation/{stored['id']}", operations)) == "dangling-reference"


def test_what_is_referred_to_is_not_deleted(rest: Rest) -> None:
    target = patient(rest)
    referrer = rest.stored(observation(target))
    answer = rest("DELETE", target)
    assert (answer.status_code, code(answer)) == (409, "referred-to")
    assert f"Observation/{referrer['id']}" in issue(answer)["diagnostics"]
    assert rest.get(target).status_code == 200
    rest("DELETE", f"Observation/{referrer['id']}")
    assert rest("DELETE", target).status_code == 204


def test_a_reference_that_no_search_finds_keeps_as_well(rest: Rest) -> None:
    """Elements without a search parameter, extensions and contained resources refer like all others."""
    target = rest.stored({"resourceType": "Organization", "name": "x"})["id"]
    reference = {"reference": f"Organization/{target}"}
    absolute = {"reference": f"{BASE}/Organization/{target}/_history/1"}
    for referrer in (
        {"resourceType": "Patient", "contact": [{"organization": reference}]},
        {"resourceType": "Patient", "extension": [{"url": "https://example.org/x", "valueReference": absolute}]},
        observation("#c") | {"contained": [{"resourceType": "Patient", "id": "c", "managingOrganization": reference}]},
    ):
        kept = rest.stored(referrer)
        assert rest("DELETE", f"Organization/{target}").status_code == 409
        address = f"{kept['resourceType']}/{kept['id']}"
        assert rest("DELETE", address).status_code == 204
    assert rest("DELETE", f"Organization/{target}").status_code == 204


def test_what_a_bundle_holds_keeps_nothing(rest: Rest) -> None:
    made = rest.stored(
        {
            "resourceType": "Composition",
            "status": "final",
            "type": {"text": "x"},
            "date": "2026-01-01",
            "author": [{"display": "x"}],
            "title": "x",
        }
    )
    inside = {name: value for name, value in made.items() if name != "meta"}
    document = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:x", "value": "x"},
        "timestamp": "2026-01-01T00:00:00Z",
        "entry": [{"fullUrl": f"{BASE}/Composition/{made['id']}", "resource": inside}],
    }
    rest.stored(document)
    assert rest("DELETE", f"Composition/{made['id']}").status_code == 204


def test_a_few_of_many_referrers_are_named(rest: Rest) -> None:
    target = patient(rest)
    for _ in range(7):
        rest.stored(observation(target))
    told = issue(rest("DELETE", target))["diagnostics"]
    assert (told.count("Observation/"), " and others " in told) == (5, True)


def test_records_of_what_happened_keep_nothing(rest: Rest) -> None:
    target = patient(rest)
    rest.stored(
        {
            "resourceType": "Provenance",
            "target": [{"reference": target}],
            "recorded": "2026-11-22T09:00:00Z",
            "agent": [{"who": {"display": "Kari"}}],
        }
    )
    assert rest("DELETE", target).status_code == 204


def test_conditional_delete_is_held_to_it(rest: Rest) -> None:
    value = str(uuid4())
    target = rest.stored({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}]})
    rest.stored(observation(f"Patient/{target['id']}"))
    assert code(rest("DELETE", f"Patient?identifier=urn:x|{value}")) == "referred-to"


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """A service that does not hold to it."""
    database: Path = tmp_path_factory.mktemp("free") / "k.db"
    settings = Settings(database=f"sqlite:///{database}", mllp="", base_url=BASE, referential_integrity=False)
    with opened_rest(settings, database) as client:
        yield client


def test_a_setting_lets_everything_pass(free: Rest) -> None:
    assert free.post(observation("Patient/none")).status_code == 201
    target = patient(free)
    stored = free.stored(observation(target))
    assert free("DELETE", target).status_code == 204
    assert free.put(stored | {"status": "amended"}).status_code == 200


def test_what_dangles_already_hinders_no_other_change(tmp_path: Path) -> None:
    def settings(*, held: bool) -> Settings:
        database = f"sqlite:///{tmp_path / 'k.db'}"
        return Settings(database=database, mllp="", base_url=BASE, referential_integrity=held)

    with opened_rest(settings(held=False), tmp_path / "k.db") as before:
        stored = before.stored(observation("Patient/none"))
    with opened_rest(settings(held=True), tmp_path / "k.db") as after:
        assert after.put(stored | {"status": "amended"}).status_code == 200
        more = {"performer": [{"reference": "Practitioner/none"}]}
        told = after.put(stored | more).json()["issue"]
        assert [i["expression"] for i in told] == [["Observation.performer[0]"]]
