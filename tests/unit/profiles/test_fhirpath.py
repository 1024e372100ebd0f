"""FHIRPath as a table: expression, what it gives. https://hl7.org/fhirpath/N1/"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.fhirpath import Node, Unsupported, compile_expression, node_of
from profiles.fhirpath.patterns import pattern
from profiles.fhirpath.scope import STEPS
from profiles.fhirpath.syntax import DEEPEST, LONGEST, parse

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "contained": [
        {"resourceType": "Organization", "id": "o", "name": "Legekontoret", "endpoint": [{"reference": "#"}]}
    ],
    "extension": [{"url": "http://example.org/e", "valueInteger": 7}],
    "active": True,
    "name": [
        {"use": "official", "family": "Moe", "given": ["Arne", None], "_given": [None, {"extension": [{"url": "x"}]}]},
        {"use": "nickname", "given": ["Ari"]},
    ],
    "_birthDate": {"extension": [{"url": "http://example.org/unknown", "valueBoolean": True}]},
    "deceasedDateTime": "2026-03-01",
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "urn:uuid:1"}, {"display": "x"}],
    "contact": [{"gender": "female", "period": {"start": "2026-01-01", "end": "2026-12-31"}}],
}
VALUES = [
    # paths
    ("name.family", ["Moe"]),
    ("Patient.name.given", ["Arne", None, "Ari"]),
    ("name.given.where(hasValue())", ["Arne", "Ari"]),
    ("name[1].given", ["Ari"]),
    ("name[7].given", []),
    ("name[-1].given", []),
    ("deceased", ["2026-03-01"]),
    ("deceased.value", ["2026-03-01"]),
    ("birthDate.value", []),
    ("birthDate.extension('http://example.org/unknown').value", [True]),
    ("extension('http://example.org/e').value", [7]),
    ("contact.gender", ["female"]),
    ("`name`.family", ["Moe"]),
    ("nothing", []),
    ("Observation.name", []),
    ("name.family.nothing", []),
    ("managingOrganization.resolve().name", ["Legekontoret"]),
    ("contained.name", ["Legekontoret"]),
    ("contained.endpoint.resolve().id", ["p"]),
    ("%resource.id", ["p"]),
    ("%rootResource.id", ["p"]),
    ("%context.id", ["p"]),
    ("%ucum", ["http://unitsofmeasure.org"]),
    ("%`loinc`", ["http://loinc.org"]),
    ("{}", []),
    # types
    ("deceased is dateTime", [True]),
    ("deceased is DateTime", [True]),
    ("deceased is boolean", [False]),
    ("deceased.is(dateTime)", [True]),
    ("name is HumanName", []),
    ("(deceased as dateTime).exists()", [True]),
    ("deceased.as(boolean).exists()", [False]),
    ("multipleBirth.ofType(integer)", [2]),
    ("multipleBirth.ofType(System.Integer)", [2]),
    ("$this is Patient", [True]),
    ("$this is DomainResource", [True]),
    ("contact.first() is BackboneElement", [True]),
    ("name.family.first() is FHIR.string", [True]),
    ("generalPractitioner[0].resolve() is Practitioner", [True]),
    ("generalPractitioner.resolve().count()", [1]),
    ("Patient.contact.exists()", [True]),
    # truth
    ("true and {}", []),
    ("false and {}", [False]),
    ("true or {}", [True]),
    ("false or {}", []),
    ("true xor false", [True]),
    ("true xor {}", []),
    ("false implies {}", [True]),
    ("{} implies true", [True]),
    ("true implies {}", []),
    ("true implies false", [False]),
    ("name.exists() and active", [True]),
    ("id and true", [True]),
    ("active.not()", [False]),
    ("{}.not()", []),
    # equality and order
    ("1 = 1.0", [True]),
    ("1 != 2", [True]),
    ("1 = {}", []),
    ("name.given = 'Arne'", [False]),
    ("true = 1", [False]),
    ("@2026-03-01 = deceased", [True]),
    ("@2026-03 = @2026-03-01", []),
    ("@2026-03 = @2026-03-01T10:00:00Z", []),
    ("@2025 < @2026-03", [True]),
    ("@2026-03-01T10:00:00Z = @2026-03-01T11:00:00+01:00", [True]),
    ("@2026-03-01T10:00:00Z < @2026-03-01T11:30:00+01:00", [True]),
    ("@2026 < @2026-03", []),
    ("@T10:00:00 < @T11:00:00", [True]),
    ("@T10:00 < @T11:00:00", []),
    ("contact.period.start <= contact.period.end", [True]),
    ("1 < 2.5", [True]),
    ("2 >= 2", [True]),
    ("3 > 4", [False]),
    ("3 <= 4", [True]),
    ("'a' < 'b'", [True]),
    ("'a' < 1", []),
    ("{} < 1", []),
    ("4 'mg' < 5 'mg'", [True]),
    ("4 'mg' < 5 'g'", []),
    ("'A  b' ~ 'a B'", [True]),
    ("(1 | 2) ~ (2 | 1)", [True]),
    ("1 !~ 2", [True]),
    # collections
    ("(1 | 2 | 1).count()", [2]),
    ("name.given.combine('x').count()", [4]),
    ("(1 | 2).union(2 | 3)", [1, 2, 3]),
    ("(1 | 2).intersect(2 | 3)", [2]),
    ("(1 | 2).exclude(2)", [1]),
    ("(1 | 2).subsetOf(1 | 2 | 3)", [True]),
    ("(1 | 2 | 3).supersetOf(1 | 4)", [False]),
    ("2 in (1 | 2)", [True]),
    ("{} in (1 | 2)", []),
    ("(1 | 2) contains 3", [False]),
    ("name.first().use", ["official"]),
    ("name.last().use", ["nickname"]),
    ("name.tail().use", ["nickname"]),
    ("name.skip(1).use", ["nickname"]),
    ("name.take(1).use", ["official"]),
    ("name.single()", Unsupported),
    ("id.single()", ["p"]),
    ("{}.single()", []),
    ("name.use.isDistinct()", [True]),
    ("name.select(use).distinct().count()", [2]),
    ("name.where(use = 'official').family", ["Moe"]),
    ("name.exists(use = 'temp')", [False]),
    ("name.all(use.exists())", [True]),
    ("name.select(given.count())", [2, 1]),
    ("name.empty()", [False]),
    ("(true | false).allTrue()", [False]),
    ("(true | false).anyTrue()", [True]),
    ("(true | false).allFalse()", [False]),
    ("(true | false).anyFalse()", [True]),
    ("contact.children().count()", [2]),
    ("contact.descendants().count()", [4]),
    ("contact.repeat(period).count()", [1]),
    ("birthDate.children().count()", [1]),
    # texts and numbers
    ("'abc'.contains('b')", [True]),
    ("'abc'.startsWith('b')", [False]),
    ("'abc'.endsWith('c')", [True]),
    ("'abc'.indexOf('c')", [2]),
    ("'abc'.length()", [3]),
    ("'abc'.upper()", ["ABC"]),
    ("'ABC'.lower()", ["abc"]),
    ("' a '.trim()", ["a"]),
    ("'abc'.substring(1)", ["bc"]),
    ("'abc'.substring(1, 1)", ["b"]),
    ("'abc'.substring(9)", []),
    ("'abc'.substring('x')", Unsupported),
    ("'a.b'.replace('.', '-')", ["a-b"]),
    ("'a1b2'.replaceMatches('[0-9]', '\\\\')", ["a\\b\\"]),
    ("'abc'.matches('[a-z]+')", [True]),
    ("'abc!'.matches('[a-z]+')", [False]),
    ("{}.matches('[a-z]+')", []),
    ("'it\\'s \\u0041\\n'", ["it's A\n"]),
    ("'a' & {} & 'b'", ["ab"]),
    ("'a' + 'b'", ["ab"]),
    ("1 + 2", [3]),
    ("1 + {}", []),
    ("3 - 1 * 2", [1]),
    ("7 div 2", [3]),
    ("7 mod 2", [1]),
    ("7 / 2", [Decimal("3.5")]),
    ("7 / 0", []),
    ("-3 + 1", [-2]),
    ("+3", [3]),
    ("-{}", []),
    ("-'a'", Unsupported),
    ("(-3).abs()", [3]),
    ("{}.abs()", []),
    ("'12'.toInteger()", [12]),
    ("true.toInteger()", [1]),
    ("'x'.toInteger()", []),
    ("'1.5'.toDecimal()", [Decimal("1.5")]),
    ("'x'.toDecimal()", []),
    ("{}.toDecimal()", []),
    ("active.toString()", ["true"]),
    ("12.toString()", ["12"]),
    ("name[0].toString()", []),
    ("iif(active, 'yes', 'no')", ["yes"]),
    ("iif(active.not(), 'yes', 'no')", ["no"]),
    ("iif({}, 'yes')", []),
    ("name.trace('names').count()", [2]),
    ("id.hasValue()", [True]),
    ("'<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>'.htmlChecks()", [True]),
    ("1 = 1 // and nothing more", [True]),
    ("(name | contact).first() = name", [False]),
    # what is not done, or cannot be
    ("now()", Unsupported),
    ("name.first(1)", Unsupported),
    ("name.where()", Unsupported),
    ("%other", Unsupported),
    ("name.given and true", Unsupported),
    ("name < contact", Unsupported),
    ("$index", Unsupported),
    ("name.", Unsupported),
    ("name ..", Unsupported),
    ("(name", Unsupported),
    ("name)", Unsupported),
    ("name is 1", Unsupported),
    ("'open", Unsupported),
    ("#", Unsupported),
    ("name[0", Unsupported),
    ("iif(true", Unsupported),
    ("trace(1 2)", Unsupported),
    ("", Unsupported),
]


def values(text: str, resource: Any = PATIENT) -> list[Any]:
    root = node_of(resource, "Patient")
    return [node.value for node in compile_expression(text).values(root, root)]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_expression_gives_what_the_table_says(text: str, expected: Any) -> None:
    if expected is Unsupported:
        with pytest.raises(Unsupported):
            values(text)
    else:
        assert values(text) == expected


def test_nothing_is_not_true() -> None:
    root = node_of(PATIENT, "Patient")

    assert compile_expression("active").holds(root, root)
    assert not compile_expression("nothing").holds(root, root)


def test_expression_is_bounded_in_size_and_depth() -> None:
    for text in ("a" * (LONGEST + 1), "(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1)):
        with pytest.raises(Unsupported):
            parse(text)
    for text in ("-" * 3000 + "1", "1" + "+1" * 1500):
        with pytest.raises(Unsupported, match="levels"):
            compile_expression(text)


def test_evaluation_is_bounded_in_steps() -> None:
    root = Node({"resourceType": "Patient", "name": [{}] * 1000}, "Patient")
    cross = compile_expression("name.where(%resource.name.where(%resource.name.exists()).exists()).count()")

    with pytest.raises(Unsupported, match="steps"):
        cross.values(root, root)
    assert STEPS < 10**6


def test_evaluation_without_room_on_the_stack_is_told() -> None:
    root = node_of(PATIENT, "Patient")
    chain = compile_expression("active" + " and active" * 40)

    def deeper() -> None:
        try:
            deeper()
        except RecursionError:
            # as deep as it goes: a few levels above this there is room for a part of the evaluation only
            chain.values(root, root)

    with pytest.raises(Unsupported, match="levels"):
        deeper()


def test_replacement_does_not_grow_without_end() -> None:
    with pytest.raises(Unsupported, match="long"):
        values("name.family.replace('a', 'bcd')", {"resourceType": "Patient", "name": [{"family": "a" * 3_000_000}]})


def test_part_of_a_resource_is_of_its_type_and_path() -> None:
    contact = node_of({"gender": "male"}, "Patient", "contact")

    assert [n.type for n in compile_expression("gender").values(contact, contact)] == ["code"]


def test_endless_descent_is_told() -> None:
    value: Any = {"url": "a"}
    for _ in range(50):
        value = {"url": "a", "extension": [value]}
    root = Node({"resourceType": "Patient", "extension": [value]}, "Patient")

    assert [n.value for n in compile_expression("descendants().count()").values(root, root)] == [102]


@pytest.mark.parametrize(
    "text",
    ["(a+)+b", "(a|aa)+b", "(a?){30}b", "a*" * 9, ".*.*.*.*x", r"(a)\1", "(", "a" * 501],
)
def test_pattern_that_could_take_too_long_is_not_run(text: str) -> None:
    with pytest.raises(Unsupported):
        pattern(text)


def test_text_too_long_for_its_pattern_is_not_looked_at() -> None:
    assert pattern("[a-z]+-[a-z]+-[a-z]+").over("a-b-c").fullmatch("a-b-c")
    with pytest.raises(Unsupported):
        pattern("[a-z]+-[a-z]+-[a-z]+").over("a" * 401)
    with pytest.raises(Unsupported):
        values("('" + "a" * 2000 + "').replace('a', '" + "b" * 1900 + "').replace('b', '" + "c" * 90 + "')")


WORDS = st.sampled_from(
    ["name", ".", "(", ")", "[", "]", "0", "'a'", "@2026", "and", "or", "=", "<", "is", "Patient", "where", "exists"]
)


@given(st.lists(WORDS, max_size=12) | st.text(max_size=40).map(list))
def test_any_text_is_evaluated_or_unsupported(words: list[str]) -> None:
    try:
        assert isinstance(values(" ".join(words)), list)
    except Unsupported as reason:
        assert str(reason)
