"""The index tables and the modules under resources/ agree: stack.md 5, decision 34."""

from itertools import chain

import pytest
from sqlalchemy import BigInteger, LargeBinary, Text

from fhir_service.resources import declared_types, resource_type, served_types
from fhir_service.search import parameters
from fhir_service.search.query import IndexRows, ParameterType
from fhir_service.storage.indexing import index_rows, tables_of
from fhir_service.storage.tables import (
    CMP,
    DAT,
    FULLTEXT,
    HISTORY,
    METADATA,
    POS,
    QTY,
    REF,
    RESOURCE,
    SIDE,
    STR,
    TOK,
    TYPED,
    parameter_id,
)
from profiles.definitions import resource_types


def test_every_typed_parameter_has_one_value_and_its_type() -> None:
    for rtype in declared_types():
        typed = TYPED[rtype].parameters if rtype in TYPED else {}
        assert tuple(typed) == resource_type(rtype).typed
        for code, ptype in typed.items():
            parameter = parameters(rtype)[code]
            assert parameter.type is ptype
            assert parameter.single, f"{rtype}.{code} may have several values: no column for it"


def test_no_two_parameters_have_the_same_number() -> None:
    """Of all R4 types, so that a setting that serves more of them cannot meet a collision."""
    known = [(r, code) for r in resource_types() for code in parameters(r)]
    logical = [(r, f"{code}:identifier") for r, code in known]
    numbers = {parameter_id(*one): one for one in chain(known, logical)}
    assert len(numbers) == len(known) + len(logical)


def test_columns_are_text_integer_or_blob() -> None:  # decision 21
    for table in METADATA.sorted_tables:
        assert all(isinstance(column.type, Text | BigInteger | LargeBinary) for column in table.c), table.name


def test_rows_of_resources_tell_to_whom_they_belong() -> None:  # decision 34
    for table in (RESOURCE, HISTORY, FULLTEXT, *SIDE.values(), *(t.table for t in TYPED.values())):
        assert {"person_id", "tenant_id", "sector"} <= set(table.c.keys()), table.name


def test_second_value_of_a_column_is_an_error() -> None:
    rows = IndexRows(tokens=(("status", "s", "active"), ("status", "s", "draft")))
    with pytest.raises(ValueError, match=r"CarePlan\.status"):
        index_rows("CarePlan", 1, (1, None, "default", ""), rows)


def test_row_that_is_told_twice_is_written_once() -> None:
    rows = IndexRows(
        tokens=(("category", "s", "x"), ("category", "s", "x"), ("status", "s", "a"), ("status", "s", "a"))
    )
    typed, generic = index_rows("CarePlan", 1, (5, "p1", "default", "health"), rows)
    assert typed is not None
    assert typed[:5] == (1, 5, "p1", "default", "health")
    assert generic == [(TOK, [(parameter_id("CarePlan", "category"), "x", "s", 5, 1, "p1", "default", "health")])]


def test_absent_typed_values_are_null() -> None:
    typed, generic = index_rows("Flag", 1, (5, None, "default", ""), IndexRows())
    assert typed == (1, 5, None, "default", "", None, None, None, None, None, None)
    assert generic == []


def test_search_parameter_types_are_all_stored() -> None:
    assert {p.type for r in served_types() for p in parameters(r).values()} <= set(ParameterType)


def test_only_tables_that_a_type_may_have_rows_in_are_emptied() -> None:
    assert tables_of("CarePlan") == (TOK, REF, STR, DAT)
    assert tables_of("Observation") == (TOK, REF, STR, DAT, CMP, QTY)
    assert tables_of("Location") == (TOK, REF, STR, DAT, POS)
