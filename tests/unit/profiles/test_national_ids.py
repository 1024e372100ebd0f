"""National numbers of persons and organisations (domain.md 3)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import names
from profiles.national_ids import (
    IdKind,
    IdProblem,
    is_organization_number,
    parse_duf,
    parse_national_id,
    why_not,
)

TODAY = {
    "15918512397": (IdKind.FNR, date(1985, 11, 15)),
    "01911560042": (IdKind.FNR, date(2015, 11, 1)),
    "15821470134": (IdKind.FNR, date(2014, 2, 15)),
    "55918512380": (IdKind.DNR, date(1985, 11, 15)),
}


@pytest.mark.parametrize(("number", "expected"), TODAY.items())
def test_kind_and_birth_date_are_read_from_a_number_of_today(number, expected):
    found = parse_national_id(number, synthetic=True)
    assert found is not None
    assert (found.kind, found.birth_date) == expected
    assert found.synthetic


@pytest.mark.parametrize("number", ["15821470142", "15718512309", "15918512303", "01911560077"])
def test_number_of_2032_holds_but_tells_neither_birth_date_nor_sex(number):
    found = parse_national_id(number, synthetic=True)
    assert found is not None
    assert (found.birth_date, found.sex) == (None, None)
    assert why_not(number, synthetic=True, form_2032=False) is IdProblem.CHECK_DIGITS


@pytest.mark.parametrize("number", ["12094812345", "13057444850"])
def test_number_with_wrong_check_digits_is_refused_in_both_forms(number):
    assert parse_national_id(number, synthetic=True) is None
    assert why_not(number, synthetic=True) is IdProblem.CHECK_DIGITS


@pytest.mark.parametrize("number", ["19779998080", "15918512397", "55918512380"])
def test_test_person_is_refused_where_none_are_accepted(number):
    assert parse_national_id(number, synthetic=True) is not None
    assert why_not(number, synthetic=False) is IdProblem.TEST_PERSON


@pytest.mark.parametrize("number", ["81234567802", "91234567883"])
def test_help_number_has_no_birth_date(number):
    found = parse_national_id(number, synthetic=False)
    assert found is not None
    assert (found.kind, found.birth_date, found.system) == (IdKind.FHN, None, names.FHN)


@pytest.mark.parametrize(("number", "sex"), [("15918512397", "male"), ("01911560042", "female")])
def test_sex_is_read_from_digit_nine(number, sex):
    found = parse_national_id(number, synthetic=True)
    assert found is not None
    assert found.sex == sex


def test_separators_within_a_number_are_passed_over():
    found = parse_national_id(" 159185 123-97.", synthetic=True)
    assert found is not None
    assert found.value == "15918512397"


@pytest.mark.parametrize("raw", ["", "1591851239", "159185123970", "1591851239X", "１５９１８５１２３９７", "²" * 11])
def test_text_that_is_not_eleven_digits_is_no_number(raw):
    assert why_not(raw, synthetic=True) is IdProblem.FORM


def test_impossible_date_is_refused_when_the_check_digits_hold():
    assert why_not(with_check_digits("320185123"), synthetic=True) is IdProblem.DATE
    assert why_not(with_check_digits("011385124"), synthetic=True) is IdProblem.DATE


def test_serial_that_no_century_owns_gives_no_birth_date():
    found = parse_national_id(with_check_digits("159185800"), synthetic=True)
    assert found is not None
    assert found.birth_date is None


def test_leap_day_exists_in_leap_years_only():
    assert parse_national_id(with_check_digits("298284100"), synthetic=True) is not None
    assert why_not(with_check_digits("298285101"), synthetic=True) is IdProblem.DATE


def test_repr_and_str_are_masked():
    found = parse_national_id("15918512397", synthetic=True)
    assert "15918512397" not in f"{found!r} {found}"
    assert "fnr" in repr(found)


def test_duf_number_has_twelve_digits():
    found = parse_duf("2012 123456 78")
    assert found is not None
    assert (found.kind, found.value, found.system) == (IdKind.DUF, "201212345678", names.DUF)
    assert parse_duf("15918512397") is None


@pytest.mark.parametrize("number", ["983544622", "889640782", "310000019", "964338531", "942110464", "983 544 622"])
def test_organization_number_holds(number):
    assert is_organization_number(number)


@pytest.mark.parametrize("number", ["983544623", "98354462", "", "98354462A", "000000010"])
def test_organization_number_with_wrong_check_digit_or_form_is_refused(number):
    assert not is_organization_number(number)


@given(st.text(max_size=20))
def test_any_text_is_either_a_number_or_has_a_reason(raw):
    assert (parse_national_id(raw, synthetic=True) is None) == (why_not(raw, synthetic=True) is not None)


@given(st.sampled_from(sorted(TODAY)), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed_in_todays_form(number, place, by):
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert parse_national_id(wrong, synthetic=True, form_2032=False) is None


def with_check_digits(nine: str) -> str:
    """The eleven digits that begin with these nine, in today's form."""
    return next(
        candidate
        for last in range(100)
        if why_not(candidate := f"{nine}{last:02}", synthetic=True, form_2032=False) is not IdProblem.CHECK_DIGITS
    )
