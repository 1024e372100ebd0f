"""Batches and transactions as R4 tells them, asked of the real process.  https://hl7.org/fhir/R4/http.html#transaction"""

from typing import Any

import pytest

from .r4_requests import NEW, PATIENT
from .r4_world import World, bundle, entry, is_outcome, world

__all__ = ["world"]

URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
SEEN = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": URN}}


def test_transaction_resolves_what_it_makes(world: World) -> None:
    sent = bundle("transaction", entry("POST", "Observation", SEEN), entry("POST", "Patient", NEW, full_url=URN))
    answer = world.post("", sent)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "transaction-response"
    assert [e["response"]["status"][:3] for e in told["entry"]] == ["201", "201"]
    seen, patient = (e["response"]["location"].split("/_history")[0] for e in told["entry"])
    subject = world.client.get("/".join(seen.split("/")[-2:])).json()["subject"]["reference"]
    assert patient.endswith(subject)
    assert all(e["response"]["etag"] == 'W/"1"' for e in told["entry"])
    assert all("lastModified" in e["response"] for e in told["entry"])


def test_transaction_is_all_or_nothing_and_names_the_entry(world: World) -> None:
    good = entry("PUT", "Patient/half", PATIENT | {"id": "half"})
    bad = entry("POST", "Patient", NEW | {"gender": "robot"})
    answer = world.post("", bundle("transaction", good, bad))
    assert 400 <= answer.status_code < 500
    assert is_outcome(answer)
    assert "entry[1]" in answer.text
    assert world.client.get("Patient/half").status_code == 404


def test_transaction_goes_delete_post_put_get(world: World) -> None:
    world.put("Patient/order-a", PATIENT | {"id": "order-a"})
    world.put("Patient/order-b", PATIENT | {"id": "order-b"})
    sent = bundle(
        "transaction",
        entry("GET", "Patient/order-b"),
        entry("PUT", "Patient/order-b", PATIENT | {"id": "order-b", "gender": "other"}),
        entry("POST", "Patient", NEW),
        entry("DELETE", "Patient/order-a"),
    )
    told = world.post("", sent).json()
    assert [e["response"]["status"][:3] for e in told["entry"]] == ["200", "200", "201", "204"]
    assert told["entry"][0]["resource"]["gender"] == "other"  # what GET sees is the end


def test_transaction_refuses_two_entries_about_one(world: World) -> None:
    body = PATIENT | {"id": "twice"}
    for other in (entry("PUT", "Patient/twice", body), entry("DELETE", "Patient/twice")):
        answer = world.post("", bundle("transaction", entry("PUT", "Patient/twice", body), other))
        assert answer.status_code in (400, 422), answer.text


def test_transaction_with_conditions(world: World) -> None:
    body = NEW | {"identifier": [{"system": "urn:x:tc", "value": "1"}]}
    world.post("Patient", body)
    again = entry("POST", "Patient", body, ifNoneExist="identifier=urn:x:tc|1", full_url=URN)
    told = world.post("", bundle("transaction", again, entry("POST", "Observation", SEEN))).json()
    assert [e["response"]["status"][:3] for e in told["entry"]] == ["200", "201"]
    reference = {"subject": {"reference": "Patient?identifier=urn:x:tc|1"}}
    answer = world.post("", bundle("transaction", entry("POST", "Observation", SEEN | reference)))
    assert answer.status_code == 200, answer.text
    nobody = {"subject": {"reference": "Patient?identifier=urn:x:tc|none"}}
    assert world.post("", bundle("transaction", entry("POST", "Observation", SEEN | nobody))).status_code in (
        400,
        404,
        412,
        422,
    )
    stale = entry("PUT", "Patient/http", PATIENT, ifMatch='W/"1"')
    assert world.post("", bundle("transaction", stale)).status_code == 412
    updated = entry("PUT", "Patient?identifier=urn:x:tc|1", body | {"active": False})
    assert world.post("", bundle("transaction", updated)).json()["entry"][0]["response"]["status"].startswith("200")


def test_batch_does_each_by_itself(world: World) -> None:
    sent = bundle(
        "batch",
        entry("GET", "Patient/http"),
        entry("POST", "Patient", NEW | {"gender": "robot"}),
        entry("GET", "Patient/never"),
        entry("GET", "Patient?_id=http"),
        entry("PUT", "Patient/batched", PATIENT | {"id": "batched"}),
        entry("DELETE", "Patient/never"),
        entry("GET", "metadata"),
    )
    answer = world.post("", sent)
    told = answer.json()
    assert (answer.status_code, told["type"]) == (200, "batch-response")
    assert [int(e["response"]["status"][:1]) for e in told["entry"]] == [2, 4, 4, 2, 2, 2, 2]
    assert told["entry"][0]["resource"]["id"] == "http"
    assert told["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert told["entry"][3]["resource"]["type"] == "searchset"
    assert world.client.get("Patient/batched").status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        entry("POST", "Patient"),
        entry("PAINT", "Patient", NEW),
        entry("POST", "Group", NEW),
        entry("PUT", "Patient/x", PATIENT),
        {"resource": NEW},
        entry("POST", "http://elsewhere.example/Patient", NEW),
        entry("GET", "Patient?colour=red"),
    ],
    ids=["no resource", "no method of HTTP", "wrong type", "wrong id", "no request", "elsewhere", "bad search"],
)
def test_broken_entry_refuses_the_transaction(world: World, broken: dict[str, Any]) -> None:
    answer = world.post("", bundle("transaction", entry("PUT", "Patient/broken", PATIENT | {"id": "broken"}), broken))
    assert 400 <= answer.status_code < 500, answer.text
    assert is_outcome(answer)
    assert world.client.get("Patient/broken").status_code == 404
