"""How operations are called: methods, parameters, and what is wrong with them.  https://hl7.org/fhir/R4/operations.html"""

from typing import Any

import pytest

from fhir_service.rest.operations import Level, operation_at, operations
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, issue, matches
from tests.rest.operating import called, codes, parameter, valid

GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
EXPAND = "ValueSet/$expand"


def test_every_operation_has_a_definition_that_is_served_and_valid(rest: Rest) -> None:
    served = {r["id"]: r for r in matches(rest.get("OperationDefinition?_count=100"))}
    assert set(served) == {operation.id for operation in operations()}
    for operation in operations():
        resource = valid(rest.get(f"OperationDefinition/{operation.id}"))
        assert check(resource, "OperationDefinition") == ()
        assert resource["code"] == operation.name
        assert resource["url"] == operation.url
        assert {p["name"] for p in resource.get("parameter", ())} == {
            p.name for p in (*operation.inputs, *operation.outputs)
        }


def test_every_operation_is_in_the_capability_statement(rest: Rest) -> None:
    statement = rest.get("metadata").json()["rest"][0]
    told = {(o["name"], o["definition"]) for r in [statement, *statement["resource"]] for o in r.get("operation", ())}
    assert told == {(o.name, o.defined or o.url) for o in operations()}


def test_operation_is_found_at_its_levels_and_types_alone() -> None:
    assert operation_at(Level.TYPE, "ValueSet", "expand") is not None
    assert operation_at(Level.SYSTEM, "", "expand") is None
    assert operation_at(Level.TYPE, "CodeSystem", "expand") is None
    assert operation_at(Level.TYPE, "ValueSet", "nothing") is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "$nothing", 404),
        ("GET", "Patient/$nothing", 404),
        ("GET", "Patient/$expand", 404),
        ("POST", "Patient/1/$expand", 404),
        ("GET", "$validate", 404),
        ("GET", "Patient/1/$meta-add", 405),
        ("PUT", "Patient/$meta", 405),
        ("DELETE", "Patient/1/$everything", 405),
        ("HEAD", "$export", 405),
        ("POST", "$meta/1", 404),
    ],
)
def test_what_is_no_operation_or_not_called_so_is_told(rest: Rest, method: str, path: str, status: int) -> None:
    answer = rest(method, path)
    assert answer.status_code == status
    if method != "HEAD":
        assert answer.json()["resourceType"] == "OperationOutcome"


BAD_QUERIES = [
    (f"url={GENDERS}&foo=1", "unknown-parameter"),
    (f"url={GENDERS}&url={GENDERS}", "bad-parameter-value"),
    (f"url={GENDERS}&count=many", "bad-parameter-value"),
    (f"url={GENDERS}&count=1.5", "bad-parameter-value"),
    (f"url={GENDERS}&count=-1", "bad-parameter-value"),
    (f"url={GENDERS}&offset=-1", "bad-parameter-value"),
    (f"url={GENDERS}&count=99999999999", "bad-parameter-value"),
    (f"url={GENDERS}&count=٣", "bad-parameter-value"),
    (f"url={GENDERS}&activeOnly=yes", "bad-parameter-value"),
    (f"url={GENDERS}&filter=", "bad-parameter-value"),
    ("url=a b", "bad-parameter-value"),
    ("valueSet=x", "bad-parameter-value"),
    ("", "required"),
    ("url=http://example.org/none", "unknown-terminology"),
]


@pytest.mark.parametrize(("query", "expected"), BAD_QUERIES)
def test_bad_parameter_of_the_address_is_refused(rest: Rest, query: str, expected: str) -> None:
    answer = rest.get(f"{EXPAND}?{query}")
    assert answer.status_code in (400, 404)
    assert code(answer) == expected


BAD_BODIES: list[tuple[Any, str]] = [
    ({"resourceType": "Patient"}, "structure"),
    ({"resourceType": "Parameters", "parameter": [{"name": "foo", "valueString": "x"}]}, "unknown-parameter"),
    ({"resourceType": "Parameters", "parameter": [{"name": "url", "valueInteger": 1}]}, "bad-parameter-value"),
    ({"resourceType": "Parameters", "parameter": [{"name": "url"}]}, "invariant"),
    ({"resourceType": "Parameters", "parameter": [{"valueUri": "x"}]}, "required"),
    ({"resourceType": "Parameters", "parameter": {}}, "structure"),
    ({"resourceType": "Parameters", "parameter": [{"name": "valueSet", "valueString": "x"}]}, "bad-parameter-value"),
    (
        {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": {"resourceType": "Patient"}}]},
        "bad-parameter-value",
    ),
    ({"resourceType": "Parameters", "parameter": [{"name": "count", "valueString": "3"}]}, "bad-parameter-value"),
    ({"resourceType": "ValueSet"}, "required"),
    ([], "structure"),
    ("x", "structure"),
    ({}, "structure"),
    ({"resourceType": 1}, "structure"),
]


@pytest.mark.parametrize(("body", "expected"), BAD_BODIES)
def test_bad_body_is_refused(rest: Rest, body: Any, expected: str) -> None:
    answer = rest("POST", EXPAND, json=body, headers=FHIR_JSON)
    assert answer.status_code == 400, answer.text
    assert expected in codes(answer)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/fhir+json", 400),
        (b"\xff", "application/fhir+json", 400),
        (b'{"resourceType":"Parameters"}', "text/plain", 415),
        (b'{"resourceType":"Parameters"}', None, 415),
        (b"<Parameters/>", "application/fhir+xml", 415),
        (b"[" * 200, "application/fhir+json", 400),
        (b" " * 200_001, "application/fhir+json", 413),
        (b" " * 200_001, None, 413),
    ],
)
def test_body_that_cannot_be_read_is_refused(rest: Rest, content: bytes, kind: str | None, status: int) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = rest("POST", EXPAND, content=content, headers=headers)
    assert answer.status_code == status
    assert issue(answer)


def test_all_that_is_wrong_is_told_at_once(rest: Rest) -> None:
    answer = rest.get(f"{EXPAND}?foo=1&count=x&count=2&filter=")
    assert codes(answer).count("bad-parameter-value") == 3
    assert "unknown-parameter" in codes(answer)


def test_name_of_an_unknown_parameter_is_not_told_again(rest: Rest) -> None:
    """SR-18: it may be a value about a person."""
    answer = rest.get(f"{EXPAND}?15918512397=1")
    assert "15918512397" not in answer.text


def test_unknown_parameter_is_passed_over_when_asked(rest: Rest) -> None:
    """Decision 26."""
    assert rest.get(f"{EXPAND}?url={GENDERS}&foo=1", prefer="handling=lenient").status_code == 200


def test_parameters_come_in_the_address_in_a_body_or_in_both(rest: Rest) -> None:
    url = parameter("url", valueUri=GENDERS)
    counts = [
        rest.get(f"{EXPAND}?url={GENDERS}&count=2"),
        called(rest, EXPAND, url, parameter("count", valueInteger=2)),
        called(rest, f"{EXPAND}?count=2", url),
        rest("POST", f"{EXPAND}?url={GENDERS}&count=2"),
        rest("POST", f"{EXPAND}?url={GENDERS}&count=2", headers=FHIR_JSON),
    ]
    assert [len(valid(answer)["expansion"]["contains"]) for answer in counts] == [2] * 5


def test_value_of_a_like_type_is_understood(rest: Rest) -> None:
    for kind in ("valueUri", "valueUrl", "valueCanonical"):
        assert called(rest, EXPAND, parameter("url", **{kind: GENDERS})).status_code == 200
    assert codes(called(rest, EXPAND, parameter("url", valueString=GENDERS))) == ["bad-parameter-value"]


def test_the_one_resource_may_be_the_body_itself(rest: Rest) -> None:
    include = [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}]}]
    value_set: Resource = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": include}}
    bare = rest("POST", EXPAND, json=value_set, headers=FHIR_JSON)
    within = called(rest, EXPAND, parameter("valueSet", resource=value_set))
    assert [c["code"] for a in (bare, within) for c in valid(a)["expansion"]["contains"]] == ["male", "male"]


def test_large_body_is_read_as_well(rest: Rest) -> None:
    concepts = [{"code": f"code-{n}", "display": "x" * 50} for n in range(1500)]
    include = [{"system": "http://example.org/many", "concept": concepts}]
    value_set: Resource = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": include}}
    assert valid(rest("POST", EXPAND, json=value_set, headers=FHIR_JSON))["expansion"]["total"] == 1500


def test_operation_is_called_within_a_batch(rest: Rest) -> None:
    entry = {"request": {"method": "GET", "url": f"{EXPAND}?url={GENDERS}&count=0"}}
    answer = rest("POST", BASE, json={"resourceType": "Bundle", "type": "batch", "entry": [entry]}, headers=FHIR_JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"][0]["resource"]["expansion"]["total"] == 4
