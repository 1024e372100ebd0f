"""A referral finds its koordinerende enhet, and the sender hears of a detour (domain.md 7, hl7v2-mapping.md 7)."""

import pytest

from profiles import names

from .conftest import Hospital, pid, segment

TRONDHEIM, BERGEN, COMMON = "Organization/ke-5001", "Organization/ke-4601", "Organization/ke-default"
PERSONS = iter(range(1, 100))


def home(municipality: str, country: str = "NOR") -> str:
    return f"Gate 1^^X^^7011^{country}^H^^{municipality}"


def named(*fields: tuple[str, str]) -> str:
    return segment("PRD", f1="RT", **dict(fields))


@pytest.mark.parametrize(
    ("prd", "address", "owner", "told"),
    [
        (named(("f7", "964338531^ENH")), home("5001"), BERGEN, ""),
        (named(("f10", "Bergen^L^^^^^^^^964338531")), home("5001"), BERGEN, ""),
        (named(("f10", "T^L^942110464^^^^ENH")), home("4601"), TRONDHEIM, ""),
        (named(("f7", "983544622^ENH")), home("4601"), BERGEN, "PRD^1^7"),
        (named(("f7", "983544622^ENH")), home("9999"), COMMON, "PRD^1^7"),
        ("", home("5001"), TRONDHEIM, ""),
        ("", home("1601"), TRONDHEIM, ""),
        ("", home("1201"), BERGEN, ""),
        ("", home("9999"), COMMON, "PID^1^11"),
        ("", home("", "SWE"), COMMON, "PID^1^11"),
        ("", "", COMMON, "PID^1^11"),
    ],
)
def test_referral_goes_where_it_says_or_where_the_person_lives(
    hospital: Hospital, prd: str, address: str, owner: str, told: str
) -> None:
    number = f"L{next(PERSONS)}"
    person = pid(number, f3=f"{number}^^^DIPS^PI", f11=address)
    rf1 = segment("RF1", f1="P", f3="KOORD^Koordinerte tjenester^L", f6=f"R-{number}^DIPS")
    code, errors = hospital.send("REF^I12", "202611201000", *filter(None, [rf1, prd, person]))
    assert code == "AA"
    (task,) = hospital.find("Task", patient=hospital.patient(number)["id"])
    assert task["owner"]["reference"] == owner
    detours = [line for line in errors if "|W|not-routed|" in line]
    assert len(detours) == bool(told)
    assert all(told in line for line in detours)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [((names.MUNICIPALITY,), ""), ((), "PRD^1^7")],
    ids=["says of which municipality it is", "is just known here"],
)
def test_referral_goes_to_the_unit_that_a_client_registered(
    hospital: Hospital, numbers: tuple[str, ...], told: str
) -> None:
    number = f"L{next(PERSONS)}"
    enh = ("310000019", "889640782")[len(numbers)]
    identifiers = [{"system": names.ENH, "value": enh}, *({"system": one, "value": "0301"} for one in numbers)]
    own = hospital.rest.stored({"resourceType": "Organization", "name": "Vår enhet", "identifier": identifiers})
    rf1 = segment("RF1", f1="P", f3="KOORD^Koordinerte tjenester^L", f6=f"R-{number}^DIPS")
    person = pid(number, f3=f"{number}^^^DIPS^PI", f11=home("4601"))
    code, errors = hospital.send("REF^I12", "202611201000", rf1, named(("f7", f"{enh}^ENH")), person)
    assert code == "AA"
    (task,) = hospital.find("Task", patient=hospital.patient(number)["id"])
    assert task["owner"]["reference"] == (BERGEN if told else f"Organization/{own['id']}")
    assert [told in line for line in errors if "|W|not-routed|" in line] == [True] * bool(told)
