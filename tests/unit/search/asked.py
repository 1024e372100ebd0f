"""Searches of the tests: parsed, and what they are refused for."""

from typing import Any

from fhir_service.search import Parsed, parse
from fhir_service.search.query import Condition, SearchQuery

BASE = "http://localhost:8000/fhir"


def search(rtype: str | None, *params: tuple[str, str], **options: Any) -> Parsed:
    return parse(rtype, params, base_url=BASE, **options)


def query(rtype: str | None, *params: tuple[str, str], **options: Any) -> SearchQuery:
    found = search(rtype, *params, **options)
    assert found.query is not None, found.issues
    return found.query


def condition(rtype: str, name: str, value: str, **options: Any) -> Condition:
    """The one condition of a search with one parameter."""
    (found,) = query(rtype, (name, value), **options).criteria
    return found


def refusals(rtype: str | None, *params: tuple[str, str], **options: Any) -> list[tuple[str, str]]:
    """(code, place) of what refuses the search."""
    found = search(rtype, *params, **options)
    assert found.query is None
    return [(issue.code, issue.at) for issue in found.issues if issue.refuses]


def told(rtype: str | None, *params: tuple[str, str], **options: Any) -> str:
    """The text of the one issue."""
    (issue,) = search(rtype, *params, **options).issues
    return issue.text
