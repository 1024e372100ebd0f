"""Links within a transaction, and conditional references.  https://hl7.org/fhir/R4/http.html#trules"""

from uuid import uuid4

import pytest

from tests.rest.bundles import entry, expressions, known, observation, place, send, statuses
from tests.rest.conftest import BASE, Rest, code

PATIENT = {"resourceType": "Patient"}
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
OID = "urn:oid:1.2.3.4"


def test_links_are_replaced_wherever_r4_says_so(rest: Rest) -> None:
    """trules: references, uri, url, oid and uuid, `href` and `src` of a narrative; canonical and string are not."""
    div = f"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{URN}\">p</a><img src='{URN}' alt=''/>{URN}</div>"
    unit = f"urn:uuid:{uuid4()}"
    inner = PATIENT | {"id": "c", "managingOrganization": {"reference": unit}}
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "implicitRules": URN,
        "text": {"status": "generated", "div": div},
        "contained": [inner],
        "extension": [
            {"url": "https://example.org/a", "valueUri": URN},
            {"url": "https://example.org/b", "valueUrl": f"{URN}#part"},
            {"url": "https://example.org/c", "valueCanonical": URN},
            {"url": "https://example.org/d", "valueString": URN},
            {"url": "https://example.org/e", "valueUuid": URN},
        ],
        "identifier": [{"system": OID, "value": URN}],
        "subject": {"reference": URN},
        "author": [{"reference": "#c"}],
        "relatesTo": [{"code": "appends", "target": {"reference": OID, "display": OID}}],
        "content": [{"attachment": {"url": URN, "title": URN}}],
    }
    other = {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": {"title": "x"}}]}
    answer = send(
        rest,
        "transaction",
        entry("POST", "DocumentReference", document),
        entry("POST", "Patient", PATIENT, URN),
        entry("POST", "DocumentReference", other, OID),
        entry("POST", "Organization", {"resourceType": "Organization", "name": "x"}, unit),
    )
    assert statuses(answer) == [201] * 4, answer.text
    patient, appended, made = place(answer, 1), place(answer, 2), rest.get(place(answer, 0)).json()
    assert (made["subject"], made["author"]) == ({"reference": patient}, [{"reference": "#c"}])
    assert made["contained"][0]["managingOrganization"] == {"reference": place(answer, 3)}
    assert made["relatesTo"][0]["target"] == {"reference": appended, "display": OID}
    assert made["identifier"] == [{"system": appended, "value": URN}]
    assert made["implicitRules"] == patient
    values = [next(v for k, v in e.items() if k != "url") for e in made["extension"]]
    assert values == [patient, f"{patient}#part", URN, URN, patient]
    assert made["content"][0]["attachment"] == {"url": patient, "title": URN}
    assert (made["text"]["div"].count(patient), made["text"]["div"].count(URN)) == (2, 1)


def test_a_link_into_what_is_made_keeps_its_fragment(rest: Rest) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}#part">p</a></div>'
    narrated = {"resourceType": "Organization", "name": "x", "text": {"status": "generated", "div": div}}
    answer = send(rest, "transaction", entry("POST", "Organization", narrated), entry("POST", "Patient", PATIENT, URN))
    assert f'href="{place(answer, 1)}#part"' in rest.get(place(answer, 0)).json()["text"]["div"]


def test_a_bundle_that_is_kept_keeps_its_links(rest: Rest) -> None:
    """Its full URLs would not be absolute any more; a Binary is no Bundle."""
    inner = [{"fullUrl": URN, "resource": PATIENT}, {"resource": observation(URN), "fullUrl": f"urn:uuid:{uuid4()}"}]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": inner}
    about = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "data": "eA==",
        "securityContext": {"reference": URN},
    }
    answer = send(
        rest,
        "transaction",
        entry("POST", "Bundle", collection),
        entry("POST", "Patient", PATIENT, URN),
        entry("POST", "Binary", about),
    )
    assert rest.get(place(answer, 0)).json()["entry"] == inner
    binary = rest.get(place(answer, 2), accept="application/fhir+json").json()
    assert binary["securityContext"] == {"reference": place(answer, 1)}


def test_relative_references_of_an_entry_without_full_url_are_to_this_server(rest: Rest) -> None:
    answer = send(
        rest,
        "transaction",
        entry("POST", "Patient", PATIENT, f"{BASE}/Patient/for-now"),
        entry("POST", "Observation", observation("Patient/for-now")),
        entry("POST", "Observation", observation("Patient/for-now"), f"urn:uuid:{uuid4()}"),
    )
    assert expressions(answer) == ["Bundle.entry[2].resource.subject"]  # relative to nothing
    answer = send(
        rest,
        "transaction",
        entry("POST", "Patient", PATIENT, f"{BASE}/Patient/for-now"),
        entry("POST", "Observation", observation("Patient/for-now")),
    )
    assert rest.get(place(answer, 1)).json()["subject"] == {"reference": place(answer, 0)}


def test_circular_references_are_resolved(rest: Rest) -> None:
    first, second = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
    one = {"resourceType": "Organization", "name": "a", "partOf": {"reference": second}}
    two = {"resourceType": "Organization", "name": "b", "partOf": {"reference": first}}
    answer = send(
        rest,
        "transaction",
        entry("POST", "Organization", one, first),
        entry("PUT", "Organization/two", two | {"id": "two"}, second),
    )
    assert statuses(answer) == [201, 201]
    assert rest.get(place(answer, 0)).json()["partOf"] == {"reference": "Organization/two"}
    assert rest.get("Organization/two").json()["partOf"] == {"reference": place(answer, 0)}


def test_relative_references_are_those_of_the_source(rest: Rest) -> None:
    """https://hl7.org/fhir/R4/bundle.html#references"""
    source = "http://source.test/fhir"
    answer = send(
        rest,
        "transaction",
        entry("POST", "Observation", observation("Patient/7"), f"{source}/Observation/1"),
        entry("POST", "Observation", observation(f"{source}/Patient/7"), f"urn:uuid:{uuid4()}"),
        entry("POST", "Patient", PATIENT, f"{source}/Patient/7"),
    )
    patient = place(answer, 2)
    assert [rest.get(place(answer, i)).json()["subject"]["reference"] for i in (0, 1)] == [patient, patient]


def test_references_to_others_and_to_versions_stay_as_they_are(rest: Rest) -> None:
    """What HAPI gets wrong: a reference loses its version."""
    there = rest.stored(PATIENT)["id"]
    version = f"Patient/{there}/_history/1"
    answer = send(
        rest, "transaction", entry("POST", "Observation", observation(version)), entry("POST", "Patient", PATIENT, URN)
    )
    assert rest.get(place(answer, 0)).json()["subject"] == {"reference": version}


def test_conditional_references_are_resolved_inside(rest: Rest) -> None:
    before, now = str(uuid4()), str(uuid4())
    old = rest.stored(known(before))
    answer = send(
        rest,
        "transaction",
        entry("POST", "Observation", observation(f"Patient?identifier=urn:x|{before}")),
        entry("POST", "Observation", observation(f"Patient?identifier=urn:x|{now}")),
        entry("POST", "Patient", known(now)),
    )
    assert statuses(answer) == [201] * 3, answer.text
    found = [rest.get(place(answer, i)).json()["subject"]["reference"] for i in (0, 1)]
    assert found == [f"Patient/{old['id']}", place(answer, 2)]


def test_a_conditional_reference_sees_the_end_of_the_transaction(rest: Rest) -> None:
    value = str(uuid4())
    stored = rest.stored(known(value))
    path = f"Patient/{stored['id']}"
    condition = observation(f"Patient?identifier=urn:x|{value}")
    gone = send(rest, "transaction", entry("DELETE", path), entry("POST", "Observation", condition))
    assert (gone.status_code, code(gone)) == (422, "dangling-reference")
    other = known("other") | {"id": stored["id"]}
    renamed = send(rest, "transaction", entry("PUT", path, other), entry("POST", "Observation", condition))
    assert code(renamed) == "dangling-reference"
    two = send(rest, "transaction", entry("POST", "Patient", known(value)), entry("POST", "Observation", condition))
    assert (two.status_code, code(two)) == (412, "multiple-matches")
    assert expressions(two) == ["Bundle.entry[1]"]
    exact = observation("Patient?name:exact=Ola&_id=" + stored["id"])
    named = stored | {"name": [{"family": "Ola"}]}
    done = send(rest, "transaction", entry("PUT", path, named), entry("POST", "Observation", exact))
    assert rest.get(place(done, 1)).json()["subject"]["reference"] == path


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient?identifier=urn:x|nobody", 422),
        ("Patient?colour=red", 400),
        ("Patient?_count=1", 400),
        ("Colour?name=red", 400),
    ],
)
def test_a_conditional_reference_that_cannot_be_resolved_is_refused(rest: Rest, reference: str, expected: int) -> None:
    for answer in (
        send(rest, "transaction", entry("POST", "Observation", observation(reference))),
        rest.post(observation(reference)),
    ):
        assert answer.status_code == expected, answer.text


def test_a_conditional_reference_is_resolved_in_a_plain_create_too(rest: Rest) -> None:
    value = str(uuid4())
    stored = rest.stored(known(value))
    made = rest.stored(observation(f"Patient?identifier=urn:x|{value}"))
    assert made["subject"] == {"reference": f"Patient/{stored['id']}"}
