"""A protected address stays out, whatever comes after (hl7v2-mapping.md 9 PD1-12, workflow.md 4.10)."""

from .conftest import NUMBERS, Hospital, pid, pv1, segment

PROTECTED = segment("PD1", f12="Y")
KARI = segment("NK1", f1="1", f2="Moen^Kari", f3="SPO", f4="Gate 1^^Trondheim", f5="91919191^PRN^CP", f7="C")
ARNE = NUMBERS[0]


def addresses(hospital: Hospital, number: str) -> list[object]:
    """Every address of the person and of those near, and the person's own telecom."""
    patient = hospital.patient(number)
    near = hospital.find("RelatedPerson", patient=patient["id"])
    told = [patient.get("address"), patient.get("telecom")]
    told += [contact.get("address") for contact in patient.get("contact", ())]
    return [one for one in (*told, *(kin.get("address") for kin in near)) if one]


def test_address_stays_out_when_later_or_earlier_messages_do_not_speak_of_it(hospital: Hospital) -> None:
    hospital.send("ADT^A01", "202611100800", pid(ARNE), KARI, pv1("P1"))
    assert len(addresses(hospital, ARNE)) == 4
    hospital.send("ADT^A08", "202611110800", pid(ARNE), PROTECTED, pv1("P1"))  # says nothing of Kari
    assert addresses(hospital, ARNE) == []
    others = {"facility": "Haukeland^983974724^ENH"}
    for at, protection in (("202611120800", ""), ("202611090800", ""), ("202611130800", segment("PD1", f12="N"))):
        code, _ = hospital.send("ADT^A08", at, pid(ARNE), *filter(None, [protection]), KARI, pv1("P1"), **others)
        assert code == "AA"
        assert addresses(hospital, ARNE) == []
    rf1 = segment("RF1", f1="P", f3="KOORD^Koordinerte tjenester^L", f6="R1^DIPS")
    hospital.send("REF^I12", "202611140800", rf1, pid(ARNE), KARI, pv1("P1"))
    assert addresses(hospital, ARNE) == []
    kari = hospital.find("RelatedPerson", patient=hospital.patient(ARNE)["id"])[0]
    assert kari["telecom"][0]["value"] == "91919191"  # how to reach her is not where the person lives


def test_late_word_of_protection_removes_a_newer_address(hospital: Hospital) -> None:
    number = NUMBERS[1]
    hospital.send("ADT^A01", "202611100800", pid(number), KARI, pv1("P2"))
    hospital.send("ADT^A08", "202611090800", pid(number), PROTECTED, pv1("P2"))
    assert addresses(hospital, number) == []


def test_address_that_a_client_stored_for_a_protected_person_is_left_alone(hospital: Hospital) -> None:
    number = NUMBERS[2]
    hospital.send("ADT^A01", "202611100800", pid(number), PROTECTED, pv1("P3"))
    patient = hospital.patient(number)
    assert hospital.rest.put(patient | {"telecom": [{"system": "phone", "value": "73000000"}]}).status_code == 200
    hospital.send("ADT^A08", "202611110800", pid(number, f8="M"), pv1("P3"))
    patient = hospital.patient(number)
    assert patient["gender"] == "male"
    assert patient["telecom"] == [{"system": "phone", "value": "73000000"}]
    assert "address" not in patient
