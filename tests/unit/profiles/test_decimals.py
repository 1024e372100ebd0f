"""Decimals come back as they were written (SR-20)."""

import copy
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.decimals import DECODER, ENCODER, Spelled, as_written, exact


@pytest.mark.parametrize("text", ["1.10", "1e3", "1E+3", "1E3", "-0.0", "0.00000001", "1.0e-7", "2.50E1", "0e0"])
def test_a_number_is_written_as_it_was_read(text: str) -> None:
    assert ENCODER.encode(DECODER.decode(f'{{"value":{text}}}')) == f'{{"value":{text}}}'.encode()


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_any_number_of_json_is_written_as_it_was_read(text: str) -> None:
    value = DECODER.decode(text)
    written = ENCODER.encode(value).decode()
    assert written == text or (isinstance(value, int) and int(written) == int(text))


def test_a_plain_decimal_stays_one() -> None:
    assert type(exact("1.10")) is Decimal
    assert type(exact("1e3")) is Spelled


def test_a_spelled_decimal_is_equal_to_its_value_and_survives_a_copy() -> None:
    number = exact("1e3")
    assert number == 1000
    assert [ENCODER.encode(made(number)) for made in (copy.copy, copy.deepcopy)] == [b"1e3", b"1e3"]


def test_what_is_no_json_value_is_not_written() -> None:
    with pytest.raises(TypeError, match="object"):
        as_written(object())
    with pytest.raises(TypeError):
        ENCODER.encode({"x": object()})
    assert as_written(Spelled("1e3")) == msgspec.Raw(b"1e3")
