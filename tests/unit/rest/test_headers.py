"""Media types, preferences and dates, as headers tell them."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.principal import Principal
from fhir_service.rest.exchange import View
from fhir_service.rest.media import RESOURCE_TYPES, accepted, sent_as
from fhir_service.rest.preconditions import Preconditions, is_lenient, is_unchanged, preconditions, preferred_return
from fhir_service.rest.principal import principal_of
from fhir_service.rest.render import http_date
from profiles.issues import Issue


@pytest.mark.parametrize(
    "accept",
    [
        None,
        b"",
        b"*/*",
        b"application/*",
        b"application/fhir+json",
        b"application/json, text/plain;q=0.5",
        b"text/html, application/fhir+json;q=0.1",
        b"application/fhir+xml, */*;q=0.1",
        b"application/fhir+json; fhirVersion=4.0",
        b"APPLICATION/FHIR+JSON",
    ],
)
def test_fhir_json_is_what_is_accepted(accept: bytes | None) -> None:
    view = accepted(accept)
    assert isinstance(view, View)
    assert not view.native


@pytest.mark.parametrize(
    ("accept", "any_form"),
    [(None, True), (b"*/*", True), (b"text/html, */*;q=0.8", True), (b"application/json, */*", False)],
)
def test_any_form_is_accepted_when_json_is_not_named(accept: bytes | None, any_form: bool) -> None:
    assert accepted(accept) == View(any_form=any_form)


@pytest.mark.parametrize("accept", [b"application/pdf", b"text/html, image/*", b"text/plain, */*;q=0"])
def test_another_form_is_asked_for(accept: bytes) -> None:
    assert accepted(accept) == View(native=True)


@pytest.mark.parametrize(
    "accept", [b"application/fhir+xml", b"application/fhir+json;fhirVersion=5.0", b"*/*;q=0.0", b","]
)
def test_nothing_that_is_served_is_accepted(accept: bytes) -> None:
    assert isinstance(accepted(accept), Issue)


@given(st.binary(max_size=60))
def test_any_header_is_answered(value: bytes) -> None:
    assert isinstance(accepted(value), View | Issue)
    assert isinstance(sent_as(value, None, RESOURCE_TYPES), Issue | None)
    assert isinstance(sent_as(None, value, RESOURCE_TYPES), Issue)
    assert isinstance(preconditions({b"if-match": value, b"if-none-match": value}), Preconditions | Issue)
    assert not is_unchanged({b"if-none-match": value}, 1) or b"*" in value or b"1" in value
    assert not is_lenient({b"prefer": value}) or b"lenient" in value.lower()
    assert preferred_return({b"prefer": value}).encode() in value.lower()


@given(st.binary(max_size=60))
def test_any_caller_is_known_or_refused(value: bytes) -> None:
    for headers in (
        {b"x-knutepunkt-role": value, b"x-knutepunkt-organization": value, b"x-knutepunkt-purpose": value},
        {b"x-knutepunkt-purpose": b"BTG", b"x-knutepunkt-reason": value, b"x-knutepunkt-person": b"Patient/p"},
        {b"x-knutepunkt-person": value},
    ):
        assert isinstance(principal_of(headers), Principal | Issue)


def test_purpose_is_an_import_or_refused() -> None:
    told = principal_of({b"x-knutepunkt-purpose": b"import"})
    assert not isinstance(told, Issue)
    assert (told.purpose, told.role) == ("import", None)
    assert isinstance(principal_of({b"x-knutepunkt-purpose": b"curiosity"}), Issue)


@pytest.mark.parametrize("role", [b"ke", b"coordinator", b"service", b"person", b"unit-leader", b"notifier"])
def test_a_role_is_no_import(role: bytes) -> None:
    """An import passes guards of the workflow, so nobody passes them by a header beside their role (workflow.md 3)."""
    refused = principal_of({b"x-knutepunkt-purpose": b"import", b"x-knutepunkt-role": role})
    assert isinstance(refused, Issue)
    assert refused.code == "forbidden"
    for who in (b"x-knutepunkt-organization", b"x-knutepunkt-person"):
        named = b"Organization/o" if who.endswith(b"organization") else b"Patient/p"
        assert isinstance(principal_of({b"x-knutepunkt-purpose": b"import", who: named}), Issue)
    told = principal_of({b"x-knutepunkt-purpose": b"import", b"x-knutepunkt-role": b"administrator"})
    assert isinstance(told, Principal)


def test_emergency_access_has_a_reason() -> None:
    who = {b"x-knutepunkt-organization": b"Organization/o", b"x-knutepunkt-purpose": b"BTG"}
    told = principal_of({**who, b"x-knutepunkt-reason": " bevisstløs i mottak ".encode()})
    assert not isinstance(told, Issue)
    assert (told.purpose, told.reason) == ("BTG", "bevisstløs i mottak")
    assert "mottak" not in repr(told)
    for reason in (b"", b"  ", b"x" * 1001):
        assert isinstance(principal_of({**who, b"x-knutepunkt-reason": reason}), Issue)
    assert isinstance(principal_of(who), Issue)


@pytest.mark.parametrize("person", ["Patient/p", "RelatedPerson/r", "Practitioner/x", "Patient/", "Patient/a/b"])
def test_person_who_calls_is_a_patient_or_who_represents_one(person: str) -> None:
    told = principal_of({b"x-knutepunkt-person": person.encode()})
    assert (isinstance(told, Issue) or told.person) == (person if person in ("Patient/p", "RelatedPerson/r") else True)


@pytest.mark.parametrize(
    ("prefer", "lenient", "returned"),
    [
        (b"handling=lenient", True, ""),
        (b"return=minimal; handling=lenient", True, "minimal"),
        (b'Return="OperationOutcome", respond-async', False, "operationoutcome"),
        (b"handling=strict", False, ""),
        (b"x-handling=lenient, noreturn=minimal", False, ""),
        (b"", False, ""),
    ],
)
def test_preferences(prefer: bytes, lenient: bool, returned: str) -> None:
    assert (is_lenient({b"prefer": prefer}), preferred_return({b"prefer": prefer})) == (lenient, returned)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_dates_are_written_as_http_has_them(at: datetime) -> None:
    assert http_date(at).decode() == format_datetime(at.replace(microsecond=0), usegmt=True)
