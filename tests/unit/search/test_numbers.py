"""https://hl7.org/fhir/R4/search.html#number: stated precision, prefixes, and texts that sort like numbers."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fhir_service.search.numbers import GREATEST, LEAST, after, decimal_of, key, plain, read
from fhir_service.search.query import Prefix, QuantityValue

numbers = st.builds(
    lambda sign, digits, power: Decimal((sign, tuple(map(int, str(digits))), power)),
    st.integers(0, 1),
    st.integers(0, 10**40) | st.integers(0, 30),
    st.integers(-340, 260),
)


def interval(lo: str, hi: str, prefix: Prefix = Prefix.EQ) -> QuantityValue:
    return QuantityValue(prefix, key(Decimal(lo)), key(Decimal(hi)))


@given(numbers, numbers)
@example(Decimal("-5.4"), Decimal("-5"))
@example(Decimal("-5.04"), Decimal("-5.4"))
@example(Decimal("0"), Decimal("-1e-300"))
@example(Decimal("1e300"), Decimal("9.99e299"))
@example(Decimal("5.40"), Decimal("5.4"))
def test_keys_sort_like_the_numbers(one: Decimal, other: Decimal) -> None:
    assert (key(one) < key(other)) == (one < other)
    assert (key(one) == key(other)) == (one == other)


@given(numbers, numbers)
@example(Decimal("5.4"), Decimal("5.4000000001"))
@example(Decimal("-5.4"), Decimal("-5.3999999999"))
@example(Decimal("0"), Decimal("1e-300"))
def test_nothing_lies_between_a_number_and_what_is_after_it(one: Decimal, other: Decimal) -> None:
    """[key, after(key)) is the number alone."""
    assert key(one) < after(key(one))
    assert (after(key(one)) <= key(other)) == (one < other)


@given(numbers)
def test_keys_are_digits_between_the_ends(number: Decimal) -> None:
    """So that no collation sorts them otherwise."""
    assert key(number).isdigit() and key(number).isascii()
    assert LEAST < key(number) < after(key(number)) < GREATEST


def test_what_is_too_large_for_a_key_is_the_nearest_that_fits() -> None:
    assert key(Decimal("1e9000")) > key(Decimal("1e308"))
    assert key(Decimal("-1e9000")) < key(Decimal("-1e308"))
    assert "1" < key(Decimal("1e-9000")) < key(Decimal("1e-308"))


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        # the examples of R4
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("5.4", "5.35", "5.45"),
        ("5.40e-3", "0.005395", "0.005405"),
        # and beyond
        ("eq100", "99.5", "100.5"),
        ("0", "-0.5", "0.5"),
        ("-5.4", "-5.45", "-5.35"),
        ("+5.4", "5.35", "5.45"),
        ("1.0e2", "95", "105"),
        ("12e2", "1150", "1250"),
        ("007", "6.5", "7.5"),
    ],
)
def test_number_stands_for_what_is_rounded_to_it(text: str, lo: str, hi: str) -> None:
    assert read(text) == interval(lo, hi)


def test_not_equal_is_outside_the_same_interval() -> None:
    assert read("ne100") == interval("99.5", "100.5", Prefix.NE)


@pytest.mark.parametrize("prefix", ["gt", "lt", "ge", "le", "sa", "eb"])
def test_precision_is_ignored_where_numbers_are_compared(prefix: str) -> None:
    """search.html: "the implicit precision of the number is ignored"."""
    for text in ("100", "100.00", "1e2"):
        number = key(Decimal(100))
        assert read(prefix + text) == QuantityValue(Prefix(prefix), number, after(number))


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [("ap100", "90", "110"), ("ap-100", "-110", "-90"), ("ap0", "-0.5", "0.5"), ("ap1", "0.5", "1.5")],
)
def test_approximately_is_within_a_tenth_or_what_is_rounded_to_it(text: str, lo: str, hi: str) -> None:
    assert read(text) == interval(lo, hi, Prefix.AP)


@pytest.mark.parametrize(
    "text",
    ["", "x", "5,4", "5.", ".5", "1e", "e5", "--5", "gt", "xx5", "GT5", "NaN", "Infinity", "0x10", "٣", "1_000", " 5",
     "1e309", "1e-309", "0e999", "1e99999999999", "9" * 65, "0." + "1" * 64],
)  # fmt: skip
def test_other_texts_are_no_numbers(text: str) -> None:
    """SR-8: digits and exponents are bounded."""
    assert read(text) is None


@given(st.text(max_size=20) | st.text(alphabet="0123456789.eE+-gtap", max_size=20))
def test_whatever_is_sent_is_a_number_or_none(text: str) -> None:
    """SR-16"""
    found = read(text)
    assert found is None or found.lo < found.hi


def test_limits_of_what_is_served_are_served() -> None:
    assert read("1e308") and read("1e-308") and read("9" * 64)


def test_number_without_prefix() -> None:
    assert plain("5.40") == Decimal("5.4")
    assert plain("gt5") is None and plain("x") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (Decimal("5.40"), Decimal("5.4")),
        (5, Decimal(5)),
        (5.4, Decimal("5.4")),
        (True, None),
        ("5", None),
        (None, None),
        (Decimal("NaN"), None),
        (float("inf"), None),
    ],
)
def test_numbers_of_resources_are_exact(value: object, found: Decimal | None) -> None:
    assert decimal_of(value) == found
