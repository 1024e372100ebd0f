"""domain.md 7: who is the koordinerende enhet of a need notification."""

from dataclasses import replace
from typing import Any

import pytest

from fhir_service.rules import Context, Standing, inbox_of, municipality_of
from profiles import names
from profiles.resource import Resource
from profiles.routing import Inbox, Routes, national
from tests.unit.rules.world import KE, NOW, need, patient

CODE = {"url": names.NO_BASIS + "/no-basis-municipalitycode", "valueCoding": {"code": "4601"}}
HEIMDAL = Inbox("ke-5001-heimdal", "heimdal-inbox", "Heimdal", "5001", districts=("heimdal", "500104"))
CHILDREN = replace(HEIMDAL, organization_id="ke-5001-heimdal-barn", ages=(0, 18))


def inbox(request: Resource, person: Resource | None, *more: Resource, routes: Routes | None = None) -> str | None:
    resources = {f"{r['resourceType']}/{r['id']}": r for r in (person, *more) if r}
    context = Context(NOW, NOW.date(), routes or national())
    found = inbox_of(request, Standing("person", resources), context)
    return found.organization_id if found else None


def asked(*performer: Resource) -> Resource:
    return need(performer=list(performer))


def number(value: str, system: str = names.MUNICIPALITY) -> Resource:
    return {"identifier": {"system": system, "value": value}}


@pytest.mark.parametrize(
    ("performer", "expected"),
    [
        ({"reference": KE}, "ke-5001"),
        ({"reference": "HealthcareService/ke-4601-inbox"}, "ke-4601"),
        ({"reference": "Organization/ke-default"}, "ke-default"),
        (number("964338531", names.ENH), "ke-4601"),
        (number("964 338 531", "2.16.578.1.12.4.1.4.101"), "ke-4601"),  # domain.md 3: OIDs with and without urn:oid:
        (number("4601"), "ke-4601"),
        (number("1201"), "ke-4601"),  # Bergen until 2019
        (number("4601", names.MUNICIPALITY_GEONORGE), "ke-4601"),
        (number("4601", "2.16.578.1.12.4.1.1.3402"), "ke-4601"),
        (number("9999"), None),  # never sent elsewhere in silence
        ({"reference": "Organization/somebody"}, "ke-5001"),  # the person's municipality
    ],
)
def test_performer_or_address_gives_the_inbox(performer: Resource, expected: str | None) -> None:
    assert inbox(asked(performer), patient()) == expected


def test_organisation_is_known_by_its_number_when_it_is_at_hand() -> None:
    bergen = {"resourceType": "Organization", "id": "b", "identifier": [{"system": names.ENH, "value": "964338531"}]}
    assert inbox(asked({"reference": "Organization/b"}), patient(), bergen) == "ke-4601"


def organization(*identifier: Resource, **elements: Any) -> Resource:
    return {"resourceType": "Organization", "id": "own", "identifier": list(identifier), **elements}


@pytest.mark.parametrize(
    "registered",
    [
        organization({"system": names.ENH, "value": "983544622"}),
        organization({"system": names.ENH, "value": "983544622"}, number("5031")["identifier"], active=True),
        organization(number("9999")["identifier"]),
        organization(),
    ],
)
def test_organisation_that_a_client_registered_is_the_one_it_names(registered: Resource) -> None:
    assert inbox(asked({"reference": "Organization/own"}), patient(), registered) == "own"


def test_organisation_that_a_client_registered_is_found_by_its_number() -> None:
    registered = organization({"system": names.ENH, "value": "983 544 622"})
    twin = {**registered, "id": "twin"}
    other = organization({"system": names.ENH, "value": "889640782"}) | {"id": "other"}
    assert inbox(asked(number("983544622", names.ENH)), patient(), other, twin, registered) == "own"
    assert inbox(asked(number("310000019", names.ENH)), None, other, twin, registered) is None


def test_organisation_that_is_closed_takes_nothing() -> None:
    closed = organization(number("5031")["identifier"], active=False)
    assert inbox(asked({"reference": "Organization/own"}), patient(), closed) == "ke-5001"


def test_nobody_is_asked_when_nothing_is_known() -> None:
    assert inbox(need(performer=[]), None) is None
    assert inbox(need(performer=[]), patient(address=[{"city": "Trondheim"}])) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"_district": {"extension": [CODE]}, "district": "Bergen"}, "4601"),
        ({"extension": [CODE]}, "4601"),
        ({"district": "5001"}, "5001"),
        ({"district": "Bergen"}, None),
        ({}, None),
    ],
)
def test_municipality_is_read_from_the_address(address: Resource, expected: str | None) -> None:
    assert municipality_of({"resourceType": "Patient", "address": [address]}) == expected


def test_present_address_comes_before_an_old_one() -> None:
    addresses = [{"use": "old", "district": "4601"}, {"use": "home", "district": "5001"}]
    assert municipality_of({"resourceType": "Patient", "address": addresses}) == "5001"
    ended = [{"period": {"end": "2020-01-01"}, "district": "4601"}, {"district": "5001"}]
    assert municipality_of({"resourceType": "Patient", "address": ended}) == "5001"


@pytest.mark.parametrize(
    ("birth_date", "district", "expected"),
    [
        ("1971-11-15", "Heimdal", "ke-5001-heimdal"),
        ("2015-11-01", "Heimdal", "ke-5001-heimdal-barn"),
        ("1971-11-15", "Midtbyen", "ke-5001"),
    ],
)
def test_district_and_age_decide_between_the_inboxes_of_a_municipality(
    birth_date: str, district: str, expected: str
) -> None:
    extension = {"url": names.NO_BASIS + "/no-basis-urban-district", "valueCoding": {"display": district}}
    person: Any = patient(birthDate=birth_date, address=[{"district": "5001", "extension": [extension]}])
    routes = replace(national(), inboxes=(*national().inboxes, HEIMDAL, CHILDREN))
    assert inbox(need(performer=[]), person, routes=routes) == expected
