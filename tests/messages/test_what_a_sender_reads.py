"""A hospital reads over REST what it brought by message: the person, its need, its stay (SR-27, workflow.md 4.7)."""

from profiles.resource import Resource
from tests.rest.conftest import matches

from .conftest import NUMBERS, Hospital, pid, pv1, segment

KIN = segment("NK1", f1="1", f2="Moen^Kari", f3="SPO", f7="C")
OTHER = {"facility": "Haukeland^983974724^ENH"}
OLAV, HAUKELAND = "883974832", "983974724"


def _as(hospital: Hospital, number: str, role: str = "notifier") -> dict[str, str]:
    (one,) = hospital.find("Organization", identifier=number)
    return {"x-knutepunkt-role": role, "x-knutepunkt-organization": f"Organization/{one['id']}"}


def _reads(hospital: Hospital, path: str, who: dict[str, str]) -> int:
    return hospital.rest("GET", path, headers=who).status_code


def _brought(hospital: Hospital, number: str, visit: str) -> list[str]:
    """Addresses of the person, who is near them, the need, the case and the stay."""
    rf1 = segment("RF1", f1="P", f3="KOORD^Koordinerte tjenester^L", f6=f"R-{visit}^DIPS")
    hospital.send("ADT^A01", "202611100800", pid(number), KIN, pv1(visit))
    hospital.send("REF^I12", "202611140800", rf1, pid(number), KIN, pv1(visit))
    patient = hospital.patient(number)["id"]
    found: list[Resource] = [hospital.patient(number), hospital.stay(visit)]
    for rtype in ("RelatedPerson", "ServiceRequest", "Task"):
        found += hospital.find(rtype, patient=patient)
    assert {one["resourceType"] for one in found} == {"Patient", "Encounter", "RelatedPerson", "ServiceRequest", "Task"}
    return [f"{one['resourceType']}/{one['id']}" for one in found]


def test_sender_reads_what_it_brought_and_nobody_else_does(hospital: Hospital) -> None:
    brought = _brought(hospital, NUMBERS[0], "S1")
    hospital.send("ADT^A01", "202611100800", pid(NUMBERS[1]), pv1("S2"), **OTHER)
    for role in ("notifier", "service"):
        who = _as(hospital, OLAV, role)
        assert [_reads(hospital, one, who) for one in brought] == [200] * len(brought)
        assert len(matches(hospital.rest("GET", brought[0].replace("/", "?_id="), headers=who))) == 1
        other = _as(hospital, HAUKELAND, role)
        assert [_reads(hospital, one, other) for one in brought] == [404] * len(brought)


def test_sender_who_brings_a_person_that_is_known_reads_them_too(hospital: Hospital) -> None:
    brought = _brought(hospital, NUMBERS[2], "S3")
    hospital.send("ADT^A01", "202611110800", pid(NUMBERS[2], f8="M"), pv1("S4"), **OTHER)
    both = [_as(hospital, number) for number in (OLAV, HAUKELAND)]
    assert [_reads(hospital, brought[0], who) for who in both] == [200, 200]
    assert [_reads(hospital, brought[1], who) for who in both] == [200, 404]
