"""Parameters that are neither token, reference, string nor date.  https://hl7.org/fhir/R4/search.html#ptypes"""

from typing import Any

import pytest

from fhir_service.storage.port import Repository
from profiles.resource import Resource
from tests.contract.database import Database, put, search
from tests.contract.resources import coding, reference, resource

UCUM = "http://unitsofmeasure.org"


def observation(rid: str, code: str, **elements: Any) -> Resource:
    return resource("Observation", rid, status="final", code=coding("loinc", code), **elements)


def quantity(value: Any, code: str = "mg", **more: Any) -> Resource:
    return {"value": value, "system": UCUM, "code": code, "unit": "milligram" if code == "mg" else code, **more}


def component(code: str, value: Any) -> Resource:
    return {"code": coding("loinc", code), "valueQuantity": quantity(value, "mmHg")}


async def observations(repository: Repository) -> None:
    await put(
        repository,
        observation("five", "dose", valueQuantity=quantity(5)),
        observation("five-four", "dose", valueQuantity=quantity(5.4)),
        observation("minus", "dose", valueQuantity=quantity(-12.5)),
        observation("less", "dose", valueQuantity=quantity(3, comparator="<")),
        observation("gram", "dose", valueQuantity={"value": 5, "unit": "g"}),
        observation("bare", "other", valueQuantity={"value": 50000}),
        observation("none", "dose"),
        observation("pressure", "bp", component=[component("sys", 120), component("dia", 80)]),
        observation("word", "smoker", valueCodeableConcept=coding("s", "yes")),
        observation("text", "note", valueString="Fell on the stairs"),
        observation("when", "onset", valueDateTime="1969-03-02T10:00:00Z"),
        resource("Location", "oslo", position={"latitude": 59.9139, "longitude": 10.7522}),
        resource("Location", "drammen", position={"latitude": 59.7440, "longitude": 10.2045}),
        resource("Location", "fiji-west", position={"latitude": -17.0, "longitude": 179.99}),
        resource("Location", "fiji-east", position={"latitude": -17.0, "longitude": -179.99}),
        resource("Location", "pole", position={"latitude": 89.99, "longitude": 90}),
        resource("Location", "nowhere"),
        resource("ValueSet", "inner", status="active", url="http://acme.org/fhir/ValueSet/123"),
        resource("ValueSet", "outer", status="active", url="http://acme.org/fhir"),
        resource("ValueSet", "beside", status="active", url="http://acme.org/fhirs/ValueSet/1"),
        resource("RiskAssessment", "risk", status="final", subject=reference("Patient/a"),
                 prediction=[{"probabilityDecimal": 0.25}]),
        resource("RiskAssessment", "none", status="final", subject=reference("Patient/a")),
        resource("Composition", "new", status="final", relatesTo=[
            {"code": "replaces", "targetReference": reference("Composition/old")}]),
        resource("DocumentReference", "new", status="current", relatesTo=[
            {"code": "replaces", "target": reference("DocumentReference/old")},
            {"code": "appends", "target": reference("DocumentReference/other")}]),
    )  # fmt: skip


MEASURED = {"five", "five-four", "minus", "less", "gram", "bare"}


CASES: tuple[tuple[str, str, str, set[str]], ...] = (
    ("Observation", "value-quantity", "5", {"five", "five-four", "gram"}),
    ("Observation", "value-quantity", "5.0", {"five", "gram"}),
    ("Observation", "value-quantity", "5.4", {"five-four"}),
    ("Observation", "value-quantity", "5||mg", {"five", "five-four"}),
    ("Observation", "value-quantity", "5||milligram", {"five", "five-four"}),
    ("Observation", "value-quantity", "5||g", {"gram"}),
    ("Observation", "value-quantity", f"5.0|{UCUM}|mg", {"five"}),
    ("Observation", "value-quantity", f"5.0|{UCUM}|milligram", set()),
    ("Observation", "value-quantity", "gt5||mg", {"five-four"}),
    ("Observation", "value-quantity", "ge5||mg", {"five", "five-four"}),
    ("Observation", "value-quantity", "lt5||mg", {"minus", "less"}),
    ("Observation", "value-quantity", "le5.4||mg", {"minus", "less", "five", "five-four"}),
    ("Observation", "value-quantity", "gt100", {"bare"}),
    ("Observation", "value-quantity", "5e4", {"bare"}),
    ("Observation", "value-quantity", "-12.5", {"minus"}),
    ("Observation", "value-quantity", "lt-12.5||mg", {"less"}),
    ("Observation", "value-quantity", "ne5.4||mg", {"five", "minus", "less"}),
    ("Observation", "value-quantity", "ap5.2||mg", {"five", "five-four"}),
    ("Observation", "value-quantity", "sa5||mg", {"five-four"}),
    ("Observation", "value-quantity", "eb5||mg", {"minus", "less"}),
    ("Observation", "value-quantity", "5.4,-12.5", {"five-four", "minus"}),
    ("Observation", "value-quantity:missing", "false", MEASURED),
    ("Observation", "component-value-quantity", "gt100||mmHg", {"pressure"}),
    ("Observation", "code-value-quantity", "dose$gt5", {"five-four"}),
    ("Observation", "code-value-quantity", f"loinc|dose$5.0|{UCUM}|mg", {"five"}),
    ("Observation", "code-value-quantity", "dose$5.0||g,other$gt1", {"gram", "bare"}),
    ("Observation", "code-value-quantity", "other$5", set()),
    ("Observation", "component-code-value-quantity", "dia$lt100", {"pressure"}),
    ("Observation", "component-code-value-quantity", "sys$lt100", set()),
    ("Observation", "combo-code-value-quantity", "sys$gt100,dose$-12.5", {"pressure", "minus"}),
    ("Observation", "code-value-quantity:missing", "true",
        {"none", "pressure", "word", "text", "when"}),
    ("Observation", "code-value-concept", "smoker$s|yes", {"word"}),
    ("Observation", "code-value-concept", "loinc|smoker$yes", {"word"}),
    ("Observation", "code-value-concept", "smoker$s|", {"word"}),
    ("Observation", "code-value-concept", "smoker$t|yes", set()),
    ("Observation", "code-value-string", "note$fell ON", {"text"}),
    ("Observation", "code-value-string", "note$on the", set()),
    ("Observation", "code-value-date", "onset$1969-03-02", {"when"}),
    ("Observation", "code-value-date", "onset$lt1970", {"when"}),
    ("Observation", "code-value-date", "onset$ge1970", set()),
    ("DocumentReference", "relationship", "replaces$DocumentReference/old", {"new"}),
    ("DocumentReference", "relationship", "appends$DocumentReference/old", set()),
    ("Location", "near", "59.91|10.75|5|km", {"oslo"}),
    ("Location", "near", "59.91|10.75|5|m", set()),
    ("Location", "near", "59.91|10.75", {"oslo", "drammen"}),
    ("Location", "near", "-17|180|3|km", {"fiji-west", "fiji-east"}),
    ("Location", "near", "90|0|2|km", {"pole"}),
    ("Location", "near", "0|0|20040|km", {"oslo", "drammen", "fiji-west", "fiji-east", "pole"}),
    ("ValueSet", "url", "http://acme.org/fhir", {"outer"}),
    ("ValueSet", "url:below", "http://acme.org/fhir", {"inner", "outer"}),
    ("ValueSet", "url:below", "http://acme.org/fhir/", {"inner", "outer"}),
    ("ValueSet", "url:below", "http://acme.org/fhir/ValueSet/12", set()),
    ("ValueSet", "url:above", "http://acme.org/fhir/ValueSet/123/_history/5", {"inner", "outer"}),
    ("RiskAssessment", "probability", "gt0.2", {"risk"}),
    ("RiskAssessment", "probability", "0.25", {"risk"}),
    ("RiskAssessment", "probability:missing", "true", {"none"}),
)  # fmt: skip


@pytest.mark.parametrize("rtype", sorted({rtype for rtype, *_ in CASES}))
def test_values_are_compared_as_their_type_says(database: Database, rtype: str) -> None:
    async def told(repository: Repository) -> None:
        await observations(repository)
        for of, name, value, expected in CASES:
            if of == rtype:
                assert set(await search(repository, rtype, (name, value))) == expected, (name, value)
                beside = [("_lastUpdated", "ge2000"), (name, value), ("_sort", "_id")]
                assert await search(repository, rtype, *beside) == sorted(expected), (name, value)

    database.run(told)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("value-quantity", ["less", "minus", "five", "gram", "five-four", "bare", "none"]),
        ("-value-quantity", ["bare", "five-four", "five", "gram", "less", "minus", "none"]),
    ],
)
def test_quantities_are_sorted_as_numbers(database: Database, sort: str, expected: list[str]) -> None:
    async def told(repository: Repository) -> None:
        await observations(repository)
        found = await search(repository, "Observation", ("code", "dose,other"), ("_sort", f"{sort},_id"))
        assert found == expected

    database.run(told)


def test_update_replaces_the_rows_of_every_kind(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await observations(repository)
        await put(repository, observation("five", "dose", valueQuantity=quantity(7)))
        await put(repository, resource("Location", "oslo"))
        assert await search(repository, "Observation", ("value-quantity", "5.0||mg")) == []
        assert await search(repository, "Observation", ("code-value-quantity", "dose$7")) == ["five"]
        assert await search(repository, "Location", ("near", "59.91|10.75|5|km")) == []

    database.run(told)
