"""Values longer than an index takes are kept and found (SR-16, SR-20), the same on both databases."""

import random
import string
from typing import Any
from urllib.parse import quote

import pytest

from fhir_service.storage import lengths
from profiles.resource import Resource

from .conftest import Rest, matches

_CHANCE = random.Random(20261122)  # noqa: S311 - what no database can compress
HUGE = "".join(_CHANCE.choice(string.ascii_letters + string.digits) for _ in range(9_000))
LONG = HUGE[:1_900]
"""A search takes values of 4,000 characters."""
ADDRESS = f"http://example.org/{LONG}"
CODING = {"system": ADDRESS, "code": LONG}
OTHER = {"other": {"reference": f"{ADDRESS}/Patient/1"}, "type": "seealso"}


def quantity(unit: str) -> Resource:
    return {"value": 1, "unit": unit, "system": ADDRESS, "code": unit}


@pytest.mark.parametrize(
    ("resource", "parameter", "value"),
    [
        ({"resourceType": "Patient", "name": [{"family": LONG}]}, "family", LONG[:1_400]),
        ({"resourceType": "Patient", "name": [{"family": LONG}]}, "family:exact", LONG),
        ({"resourceType": "Patient", "name": [{"family": LONG}]}, "family:contains", LONG[900:1_200]),
        ({"resourceType": "Patient", "identifier": [{"system": ADDRESS, "value": LONG}]}, "identifier", LONG),
        ({"resourceType": "Patient", "identifier": [{"system": ADDRESS, "value": LONG}]}, "identifier", f"{ADDRESS}|"),
        ({"resourceType": "Patient", "link": [OTHER]}, "link", f"{ADDRESS}/Patient/1"),
        ({"resourceType": "ValueSet", "status": "draft", "url": ADDRESS}, "url", ADDRESS),
        ({"resourceType": "ValueSet", "status": "draft", "url": ADDRESS}, "url:below", "http://example.org"),
        ({"resourceType": "Patient", "meta": {"profile": [ADDRESS]}}, "_profile", ADDRESS),
        (
            {"resourceType": "Observation", "status": "final", "code": {"coding": [CODING]}},
            "code",
            f"{ADDRESS}|{LONG}",
        ),
        (
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [CODING]},
                "valueQuantity": quantity(LONG),
            },
            "code-value-quantity",
            f"{LONG}$1",
        ),
        (
            {"resourceType": "Observation", "status": "final", "code": {"text": LONG}, "valueQuantity": quantity(LONG)},
            "value-quantity",
            f"1|{ADDRESS}|{LONG}",
        ),
        ({"resourceType": "Patient", "contact": [{"name": {"text": LONG}}]}, "_content", LONG[:100]),
    ],
)
def test_long_value_is_kept_and_found(rest: Rest, resource: Resource, parameter: str, value: str) -> None:
    made = rest.stored(resource)
    form = {"content-type": "application/x-www-form-urlencoded"}
    content = f"{parameter}={quote(value, safe='')}&_id={made['id']}"
    found = rest("POST", f"{resource['resourceType']}/_search", content=content, headers=form)
    assert [one["id"] for one in matches(found)] == [made["id"]]
    (one,) = matches(found)
    assert {name: one[name] for name in resource if name != "meta"} == {
        n: v for n, v in resource.items() if n != "meta"
    }


def test_what_is_longer_than_a_search_takes_is_kept_as_well(rest: Rest) -> None:
    coded = {"coding": [{"system": f"urn:{HUGE}", "code": HUGE, "display": HUGE}], "text": HUGE}
    measured = {"value": 1, "unit": HUGE, "system": f"urn:{HUGE}", "code": HUGE}
    made = rest.stored(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": coded,
            "valueQuantity": measured,
            "category": [coded],
        }
    )
    assert made["valueQuantity"] == measured
    kept = rest.stored({"resourceType": "Patient", "name": [{"text": HUGE}], "identifier": [{"value": HUGE}]})
    assert kept["id"] in [one["id"] for one in matches(rest.get(f"Patient?name={HUGE[:1_400]}"))]
    assert matches(rest.get(f"Patient?name={HUGE[:2_000]}")) == []  # nothing, rather than what begins alike: SR-19


def test_long_value_is_not_taken_for_another(rest: Rest) -> None:
    rest.stored({"resourceType": "Patient", "identifier": [{"system": "urn:long", "value": LONG}]})
    content = f"identifier={quote(f'urn:long|{LONG[:-1]}x', safe='')}"
    form: dict[str, Any] = {"content-type": "application/x-www-form-urlencoded"}
    assert matches(rest("POST", "Patient/_search", content=content, headers=form)) == []


@pytest.mark.parametrize("text", ["", "å" * 100, "å" * 200, "x" * 400])
def test_what_fits_stays_as_it_is(text: str) -> None:
    assert lengths.key(text) == text == lengths.searched(text)


@pytest.mark.parametrize("character", ["x", "å", "\U0001f600"])
def test_what_is_cut_is_short_enough_and_whole_characters(character: str) -> None:
    text = character * 2_000
    assert len(lengths.key(text).encode()) <= lengths.LONGEST_KEY
    assert lengths.key(text) != lengths.key(text + character)
    assert text.startswith(lengths.searched(text))
    assert len(lengths.searched(text).encode()) <= lengths.LONGEST_TEXT
