"""Conditional interactions about one resource meet, however their criteria are written (decision 31)."""

import pytest

from fhir_service.storage.criteria_locks import locks_of
from tests.contract.database import query


def locks(*criteria: tuple[str, str]) -> set[str]:
    return set(locks_of(query("Patient", *criteria)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("identifier", "s|v")], [("identifier", "v")]),
        ([("identifier", "s|v")], [("identifier", "S|V")]),
        ([("identifier", "s|v")], [("active", "true"), ("identifier", "s|v")]),
        ([("identifier", "s|v")], [("identifier", "s|w,s|v")]),
        ([("identifier", "s|v")], [("identifier", "s|v"), ("identifier", "s|v")]),
        ([("identifier", "s|v")], [("identifier:of-type", "http://t|MR|v")]),
        ([("family", "a"), ("given", "b")], [("given", "b"), ("family", "a")]),
        ([("family", "a,b")], [("family", "b,a,b")]),
        ([("identifier", "s|")], [("identifier", "s|")]),
        ([("general-practitioner.name", "a")], [("general-practitioner.name", "a")]),
    ],
)
def test_criteria_that_may_be_about_one_resource_have_a_lock_in_common(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    assert locks(*one) & locks(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("identifier", "s|v")], [("identifier", "s|w")]),
        ([("identifier", "s|v"), ("active", "true")], [("identifier", "s|w"), ("active", "true")]),
        ([("family", "a")], [("given", "a")]),
        ([("family", "a")], [("family:exact", "a")]),
    ],
)
def test_criteria_about_others_do_not_wait_for_each_other(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    assert locks(*one).isdisjoint(locks(*other))
