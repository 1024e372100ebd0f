"""Numbers of test persons that are made when a story is told."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.demo.numbers import child_number
from profiles.national_ids import parse_national_id


@given(st.dates(date(2000, 1, 1), date(2039, 12, 31)), st.sampled_from(["female", "male"]))
def test_number_of_a_child_holds_and_says_its_day_and_sex(born: date, gender: str) -> None:
    found = parse_national_id(child_number(born, gender), synthetic=True, form_2032=False)
    assert found is not None
    assert (found.birth_date, found.sex, found.synthetic) == (born, gender, True)


@pytest.mark.parametrize("gender", ["female", "male"])
def test_number_is_the_same_each_time(gender: str) -> None:
    assert child_number(date(2026, 11, 1), gender) == child_number(date(2026, 11, 1), gender)
