"""S12, SR-35: the log carries keys, never persons, whatever comes in and however it fails."""

import httpx

from fhir_service.demo.stories.p01_arne import ARNE
from tests.golden import cases

from .conftest import Service
from .test_bad_messages import A01

MISPLACED = {
    "number as message type": A01.replace("ADT^A01^ADT_A01", f"{ARNE.number}^Moen"),
    "name as event": A01.replace("ADT^A01^ADT_A01", "ADT^MOEN ARNE"),
    "name as control id": A01.replace(A01.split("|")[9], f"Arne Moen {ARNE.number}"),
    "name as sender": A01.replace("|DIPS|", "|Moen Arne|"),
}


def persons(message: bytes) -> set[bytes]:
    """Numbers, family names and addresses of PID and NK1, as they are written."""
    fields = [
        segment.split(b"|") for segment in message.replace(b"\n", b"\r").split(b"\r") if segment[:3] in (b"PID", b"NK1")
    ]
    places = [(b"PID", n) for n in (2, 3, 4, 5, 11, 13, 19)] + [(b"NK1", n) for n in (2, 4, 5, 33)]
    said = [row[place] for row in fields for name, place in places if row[0] == name and len(row) > place]
    words = {part for value in said for part in value.replace(b"~", b"^").replace(b"&", b"^").split(b"^")}
    return {word for word in words if len(word) > 4}


def asked_with_what_names_somebody(fhir: str, patient: dict[str, object]) -> None:
    """Operations, and every header of ours."""
    number = ARNE.number
    headers = {
        "x-request-id": number, "idempotency-key": f"Moen-{number}", "x-knutepunkt-reason": f"Arne Moen {number}",
        "x-knutepunkt-purpose": "BTG", "x-knutepunkt-organization": f"Organization/{number}",
        "x-knutepunkt-person": f"RelatedPerson/Moen-{number}", "x-knutepunkt-role": "Moen",
        "if-none-exist": f"identifier={number}", "prefer": number, "if-match": f'W/"{number}"',
    }  # fmt: skip
    match = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}]}
    for left_out in (*headers, ""):
        sent = {name: value for name, value in headers.items() if name != left_out}
        for some in (sent, {left_out: headers.get(left_out, "")} if left_out else {}):
            httpx.post(f"{fhir}/Patient", json=patient, headers=some)
            httpx.get(f"{fhir}/Patient/{number}/$access-log", headers=some)
            httpx.post(f"{fhir}/Patient/$match", json=match, headers=some)
            httpx.post(f"{fhir}/CarePlan/Moen/$handover", json=match, headers=some)
            httpx.get(f"{fhir}/Provenance", params={"agent": f"Practitioner/{number}"}, headers=some)


def test_log_names_no_person_of_any_case(service: Service) -> None:
    messages = [(case / "input.hl7").read_bytes() for case in cases()]
    messages += [text.encode() for text in MISPLACED.values()]
    for message in messages:
        service.exchange(message)
    secrets = set().union(*map(persons, messages)) | {ARNE.number.encode(), b"Moen", b"MOEN"}
    assert len(secrets) > 25  # the search finds them
    patient = {"resourceType": "Patient", "name": [{"family": "Moen"}], "identifier": [{"value": ARNE.number}]}
    httpx.post(f"{service.fhir}/Patient", json=patient | {"Moen": ARNE.number})
    httpx.get(f"{service.fhir}/Patient", params={"identifier": ARNE.number, "name": "Moen"})
    httpx.get(f"{service.fhir}/Moen/{ARNE.number}")
    asked_with_what_names_somebody(service.fhir, patient)
    service.stop()
    log = service.log.read_bytes()
    assert log.count(b"ingested") >= len(cases()) // 2
    assert {secret for secret in secrets if secret in log} == set()
