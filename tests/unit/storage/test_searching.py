"""Corners of a search that no query of a client leads to."""

import pytest

from fhir_service.search.query import Criterion, Include, ParameterType, SearchQuery, Sort, TokenValue
from fhir_service.storage.compiler import compile_page
from fhir_service.storage.including import compile_reverse
from fhir_service.storage.shape import Shape, shape_of
from fhir_service.storage.starts import starts
from fhir_service.storage.words import (
    LONGEST_WORD,
    MOST_WORDS,
    texts_of,
    words_for_postgres,
    words_for_sqlite,
    words_of,
)


def test_sort_key_without_a_type_is_a_bug_of_ours() -> None:
    with pytest.raises(ValueError, match="code has no type"):
        compile_page(Shape("Condition", (), (Sort("code", None, descending=False),), None))
    assert compile_page(Shape("Condition", (), (Sort("code", ParameterType.TOKEN, descending=False),), None))


def test_start_is_asked_for_once_whichever_equal_shape_it_was_found_for() -> None:
    first, second = (
        shape_of(SearchQuery("CarePlan", (Criterion("category", ParameterType.TOKEN, (TokenValue(None, "once"),)),)))[0]
        for _ in range(2)
    )
    (start, _), *_ = starts(first)
    assert second.criteria[0] is not start
    assert compile_page(second, start=start).postgres.sql.count("param = ") == 1


def test_nobody_refers_by_a_parameter_that_leads_elsewhere() -> None:
    to_plans = Include("Task", "focus", "CarePlan", reverse=True)
    assert compile_reverse((to_plans,), ("Patient",)) is None
    assert compile_reverse((to_plans,), ("CarePlan", "Patient")) is not None
    assert compile_reverse((Include("ValueSet", "*", reverse=True),), ("Patient",)) is None


def test_words_are_folded_cut_and_told_once() -> None:
    assert words_of("Blåbær, BLÅBÆR og ﬁsk_pudding: 3.5") == ["blabær", "og", "fisk", "pudding", "3", "5"]
    assert words_of("a" * 500) == ["a" * LONGEST_WORD]
    body = b'{"resourceType":"X","active":true,"none":null,"count":7,"data":"QUJD","note":["one",{"text":"two"}]}'
    assert texts_of(body) == ("", "7 one two")
    assert texts_of(b"") == ("", "")
    assert texts_of(b'{"text":{"div":["no text"]}}') == ("", "no text")
    many = ",".join(f'"w{n}"' for n in range(MOST_WORDS + 5))
    assert len(texts_of(f"[{many}]".join(['{"note":', "}"]).encode())[1].split()) == MOST_WORDS


def test_words_cannot_say_anything_but_words() -> None:  # SR-21
    hostile = [['a" OR narrative:*', "b' | c"], ["''"]]
    assert words_for_sqlite("content", hostile) == (
        'content : (("a" AND "or" AND "narrative" AND "b" AND "c") OR ("∅"))'
    )
    assert words_for_postgres(hostile) == "('a' & 'or' & 'narrative' & 'b' & 'c') | ('∅')"
