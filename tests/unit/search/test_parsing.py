"""Query string -> SearchQuery: decisions 7 and 26, SR-8, SR-16, SR-19."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.resources import SERVED
from fhir_service.search import escape, parameters, parse
from fhir_service.search.dates import interval
from fhir_service.search.query import (
    AnyOf,
    Chain,
    Condition,
    Criterion,
    Cursor,
    DateValue,
    FullText,
    Has,
    Include,
    ParameterType,
    Prefix,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
)
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Severity
from profiles.names import FNR
from tests.unit.search.asked import BASE, condition, query, refusals, search

TOKEN, REFERENCE, DATE, STRING = (
    ParameterType.TOKEN,
    ParameterType.REFERENCE,
    ParameterType.DATE,
    ParameterType.STRING,
)


def values(name: str, value: str, rtype: str = "CarePlan") -> tuple[object, ...]:
    found = condition(rtype, name, value)
    assert isinstance(found, Criterion)
    return found.values


def test_no_parameters_find_everything_of_the_type() -> None:
    assert query("CarePlan") == SearchQuery("CarePlan")


def test_parameters_are_joined_by_and_their_values_by_or() -> None:
    found = query("CarePlan", ("status", "draft,active"), ("status", "active"), ("patient", "7"))
    assert found.criteria == (
        Criterion("status", TOKEN, (TokenValue(None, "draft"), TokenValue(None, "active"))),
        Criterion("status", TOKEN, (TokenValue(None, "active"),)),
        Criterion("patient", REFERENCE, (ReferenceValue("Patient", "7"),)),
    )
    assert found.used == (("status", "draft,active"), ("status", "active"), ("patient", "7"))


def test_each_type_of_parameter_has_its_own_values() -> None:
    lo, hi = interval("2026-03") or (0, 0)
    assert values("category", "http://a|b") == (TokenValue("http://a", "b"),)
    assert values("care-team", "CareTeam/1") == (ReferenceValue("CareTeam", "1"),)
    assert values("care-team", f"{BASE}/CareTeam/1") == (ReferenceValue("CareTeam", "1"),)
    assert values("date", "ge2026-03") == (DateValue(Prefix.GE, lo, hi),)
    assert values("name", "Kåre", "Patient") == (StringValue("kare"),)
    assert values("_profile", "http://a/b|1") == (ReferenceValue(None, "", "http://a/b|1"),)
    assert values("_lastUpdated", "2026-03") == (DateValue(Prefix.EQ, lo, hi),)
    assert values("_id", "a,b") == (TokenValue(None, "a"), TokenValue(None, "b"))
    assert values("_tag", "http://t|demo") == (TokenValue("http://t", "demo"),)


def test_escaped_separators_belong_to_the_value() -> None:
    assert values("identifier", r"http://a|1\,2,3\|4") == (TokenValue("http://a", "1,2"), TokenValue(None, "3|4"))
    assert values("name:exact", r"a\,b", "Patient") == (StringValue("a,b"),)


@given(st.text(min_size=1, max_size=50), st.text(max_size=50))
def test_any_token_can_be_asked_for_when_escaped(code: str, system: str) -> None:
    found = search("CarePlan", ("identifier", f"{escape(system)}|{escape(code)}"))
    if found.query is not None:
        assert found.query.criteria[0].values == (TokenValue(system, code),)
    else:
        assert not f"{system}{code}".strip() or "\0" in system + code


# Modifiers


def test_missing_takes_no_value_but_true_or_false() -> None:
    assert query("CarePlan", ("date:missing", "true")).criteria == (Criterion("date", DATE, (), missing=True),)
    assert query("CarePlan", ("goal:missing", "false")).criteria == (Criterion("goal", REFERENCE, (), missing=False),)
    assert refusals("CarePlan", ("date:missing", "yes")) == [("bad-parameter-value", "date:missing")]


def test_not_is_kept_for_tokens() -> None:
    expected = Criterion("status", TOKEN, (TokenValue(None, "revoked"),), "not")
    assert query("CarePlan", ("status:not", "revoked")).criteria == (expected,)


def test_strings_may_be_exact_or_contained() -> None:
    exact, contains = query("Patient", ("name:exact", "Kåre"), ("name:contains", "Kåre")).criteria
    assert exact == Criterion("name", STRING, (StringValue("Kåre"),), "exact")
    assert contains == Criterion("name", STRING, (StringValue("kare"),), "contains")


def test_identifier_of_a_reference_is_a_token_parameter() -> None:
    """SR-14"""
    expected = Criterion("patient:identifier", TOKEN, (TokenValue(FNR, "15918512397"),))
    assert query("CarePlan", ("patient:identifier", f"{FNR}|15918512397")).criteria == (expected,)


@pytest.mark.parametrize("value", ["7", "Patient/7", f"{BASE}/Patient/7"])
def test_type_may_be_a_modifier_of_a_reference(value: str) -> None:
    expected = Criterion("subject", REFERENCE, (ReferenceValue("Patient", "7"),))
    assert query("CarePlan", ("subject:Patient", value)).criteria == (expected,)


@pytest.mark.parametrize("value", ["Group/7", "a b", "http://else.where/Patient/7", r"Patient/\x"])
def test_type_modifier_and_value_do_not_contradict(value: str) -> None:
    assert refusals("CarePlan", ("subject:Patient", value)) == [("bad-parameter-value", "subject:Patient")]


@pytest.mark.parametrize(
    ("rtype", "name"),
    [
        ("CarePlan", "status:exact"),
        ("CarePlan", "status:text"),
        ("CarePlan", "status:"),
        ("CarePlan", "status:not:not"),
        ("CarePlan", "date:not"),
        ("CarePlan", "subject:Practitioner"),
        ("CarePlan", "subject:not"),
        ("Patient", "name:not"),
        ("CarePlan", "_profile:identifier"),
        ("CarePlan", "_id:not"),
        ("CarePlan", "_lastUpdated:missing"),
        ("CarePlan", "_sort:desc"),
        ("CarePlan", "_count:x"),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_other_modifiers_are_refused_also_when_lenient(rtype: str, name: str, lenient: bool) -> None:
    """Decision 26"""
    assert refusals(rtype, (name, "1"), lenient=lenient) == [("unknown-modifier", name)]


def test_refused_modifier_names_the_valid_ones() -> None:
    (issue,) = search("CarePlan", ("subject:below", "1")).issues
    assert ":identifier" in issue.text and ":missing" in issue.text and ":[type]" in issue.text


# What is not understood


@pytest.mark.parametrize("name", ["nothing", "_score", "", "STATUS"])
def test_unknown_parameter_is_refused_and_the_valid_ones_named(name: str) -> None:
    """SR-19"""
    found = search("CarePlan", (name, "x"), ("status", "active"))
    assert found.query is None
    (issue,) = found.issues
    assert (issue.code, issue.at) == ("unknown-parameter", name)
    assert all(f"{code}" in issue.text for code in (*parameters("CarePlan"), "_include", "_sort", "_count"))


def test_lenient_leaves_out_an_unknown_parameter_and_says_so() -> None:
    """Decision 7"""
    found = search("CarePlan", ("nothing", "x"), ("status", "active"), lenient=True)
    assert found.query is not None
    assert found.query.used == (("status", "active"),)
    assert [(i.severity, i.code, i.at) for i in found.issues] == [
        (Severity.INFORMATION, "unknown-parameter", "nothing"),
    ]


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("CarePlan", "status", ""),
        ("CarePlan", "status", "  "),
        ("CarePlan", "status", "active,"),
        ("CarePlan", "status", "|"),
        ("CarePlan", "status", "a|b|c"),
        ("CarePlan", "status", "a\\"),
        ("CarePlan", "status", r"a\b"),
        ("CarePlan", "status", "a\0b"),
        ("CarePlan", "status", "a\ud800"),
        ("CarePlan", "status", "a" * 4001),
        ("CarePlan", "status", ",".join("a" * 201)),
        ("CarePlan", "date", "yesterday"),
        ("CarePlan", "date", "xx2026"),
        ("CarePlan", "date", "2026-02-30"),
        ("CarePlan", "date", "2026,"),
        ("CarePlan", "patient", "Nobody/1"),
        ("CarePlan", "patient", "a b"),
        ("CarePlan", "_id", "Patient/1"),
        ("CarePlan", "_id", "a" * 65),
        ("CarePlan", "_profile", "a b"),
        ("Patient", "active", "yes"),
        ("Patient", "name", "\u0301"),
        ("CarePlan", "_count", "-1"),
        ("CarePlan", "_count", "ten"),
        ("CarePlan", "_count", "1.5"),
        ("CarePlan", "_count", "٣"),
        ("CarePlan", "_total", "yes"),
        ("CarePlan", "_sort", "nothing"),
        ("CarePlan", "_sort", "--date"),
        ("CarePlan", "_sort", "date,"),
        ("CarePlan", "_sort", "date,status,intent,patient,_id,_lastUpdated"),
        ("CarePlan", "_include", "CarePlan"),
        ("CarePlan", "_include", "CarePlan:status"),
        ("CarePlan", "_include", "CarePlan:care-team:Goal"),
        ("CarePlan", "_include", "CarePlan:care-team:"),
        ("CarePlan", "_include", "Task:owner"),
        ("Binary", "_include", "Binary:x"),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_bad_value_is_refused_also_when_lenient(rtype: str, name: str, value: str, lenient: bool) -> None:
    """Decision 26, SR-8, SR-19"""
    assert refusals(rtype, (name, value), lenient=lenient) == [("bad-parameter-value", name)]


def test_every_problem_is_told() -> None:
    found = refusals("CarePlan", ("nothing", "x"), ("date", "x"), ("status:x", "y"), ("_count", "z"))
    assert [code for code, _ in found] == [
        "unknown-parameter",
        "bad-parameter-value",
        "unknown-modifier",
        "bad-parameter-value",
    ]


def test_refusals_do_not_repeat_the_value() -> None:
    """SR-18: a value may be a person's number."""
    for name in ("identifier", "date", "patient", "_id", "_count", "_include", "nothing"):
        for issue in search("CarePlan", (name, r"15918512397 \x")).issues:
            assert "15918512397" not in issue.text + issue.at


@pytest.mark.parametrize("name", ["x\n\ud800y", "y" * 151, "15918512397", "name:15918512397", "Ola Nordmann"])
def test_what_does_not_look_like_a_name_is_not_shown(name: str) -> None:
    """SR-18: it may be a value about a person that got into the wrong place."""
    (issue,) = search("CarePlan", (name, "1")).issues
    assert issue.at == "(not shown)"
    assert name not in issue.text


def test_code_that_no_resource_has_is_told_and_finds_nothing() -> None:
    """search.html, "Handling Errors": a logical condition is no error."""
    found = search("CarePlan", ("status", "active,activ"))
    assert found.query is not None
    assert found.query.criteria[0].values == (TokenValue(None, "active"), TokenValue(None, "activ"))
    (issue,) = found.issues
    assert (issue.severity, issue.code, issue.at) == (Severity.WARNING, "code-invalid", "status")
    assert "on-hold" in issue.text


def test_open_code_lists_are_not_judged() -> None:
    assert search("CarePlan", ("category", "whatever")).issues == ()


# Parameters of the result


@pytest.mark.parametrize(("asked", "count"), [("0", 0), ("1", 1), ("1000", 1000), ("1001", 1000), ("9" * 4000, 1000)])
def test_count_is_capped(asked: str, count: int) -> None:
    """SR-8"""
    found = query("CarePlan", ("_count", asked))
    assert (found.count, found.used) == (count, (("_count", str(count)),))


def test_cap_holds_without_count_too() -> None:
    assert query("CarePlan", max_count=10).count == 10


@pytest.mark.parametrize(
    ("params", "total"),
    [
        ([("_total", "none")], False),
        ([("_total", "accurate")], True),
        ([("_total", "estimate")], True),
        ([("_count", "0")], True),
        ([("_count", "0"), ("_total", "none")], True),
        ([("_total", "none"), ("_count", "0")], True),
        ([("_count", "5")], False),
    ],
)
def test_total_is_counted_where_asked_for(params: list[tuple[str, str]], total: bool) -> None:
    assert query("CarePlan", *params).total is total


def test_sort_keeps_the_order_of_its_keys() -> None:
    assert query("Task", ("_sort", "-due,status,owner,_id,-_lastUpdated")).sort == (
        Sort("due", DATE, descending=True),
        Sort("status", TOKEN, descending=False),
        Sort("owner", REFERENCE, descending=False),
        Sort("_id", None, descending=False),
        Sort("_lastUpdated", None, descending=True),
    )


def test_includes_are_checked_against_the_definitions() -> None:
    found = query("CarePlan", ("_include", "CarePlan:care-team"), ("_include", "CarePlan:performer:Organization"))
    assert found.includes == (
        Include("CarePlan", "care-team"),
        Include("CarePlan", "performer", "Organization"),
    )


@pytest.mark.parametrize("name", ["_sort", "_count", "_total"])
def test_parameter_of_the_result_is_given_once(name: str) -> None:
    value = {"_sort": "date", "_count": "5", "_total": "none"}[name]
    assert refusals("CarePlan", (name, value), (name, value)) == [("bad-parameter-value", name)]


def test_form_of_the_answer_is_no_part_of_the_search() -> None:
    assert query("CarePlan", ("_format", "json"), ("_pretty", "true")) == SearchQuery("CarePlan")


def test_cursor_is_passed_on() -> None:
    after = Cursor((1, "x"), 7)
    assert query("CarePlan", after=after).after == after


def test_number_of_parameters_is_bounded() -> None:
    """SR-8"""
    many = [("status", "active")] * 64
    assert len(query("CarePlan", *many).criteria) == 64
    assert refusals("CarePlan", *many, ("status", "active")) == [("bad-parameter-value", "CarePlan")]


def test_most_values_allowed_are_served() -> None:
    assert len(values("identifier", ",".join("a" * 200))) == 200


# Whatever is sent

codes = st.sampled_from(
    sorted({code for rtype in SERVED for code in parameters(rtype)} | {"_list", "_text", "_content", "_type", "_x"})
)
NAMES = "missing not exact contains text in not-in above below of-type identifier Patient Observation iterate"
modifiers = st.sampled_from(["", ":", *(f":{name}" for name in NAMES.split())])
plain = st.builds(str.__add__, codes, modifiers)
chained = st.builds(lambda steps: ".".join(steps), st.lists(plain, min_size=1, max_size=4))
reversed_ = st.builds(lambda rtype, code, rest: f"_has:{rtype}:{code}:{rest}", st.sampled_from(SERVED), codes, chained)
settings_ = st.sampled_from(
    ["_sort", "_count", "_include", "_include:iterate", "_revinclude", "_total", "_summary", "_elements", "_contained"]
)
names = st.text() | chained | reversed_ | settings_
texts = (
    st.text()
    | st.text(alphabet="a1|,\\$:-/T.Z+()", max_size=30)
    | st.sampled_from(
        ["true", "Patient/1", "ge2026", "5.4||mg", "a$b", "59|10", "Patient", "*", "Patient:*", "-_id", "0"]
    )
)


@given(
    st.sampled_from([*SERVED, "Nothing", None]),
    st.lists(st.tuples(names, texts), max_size=6),
    st.booleans(),
    st.none() | st.sampled_from([("Patient", "7"), ("Encounter", "7"), ("Device", "7")]),
)
def test_whatever_is_sent_is_a_query_or_refused(
    rtype: str | None, params: list[tuple[str, str]], lenient: bool, within: tuple[str, str] | None
) -> None:
    """SR-16, SR-19: never an exception, and never a filter that is quietly left out."""
    found = parse(rtype, params, base_url=BASE, lenient=lenient, compartment=within)
    assert (found.query is None) == any(issue.refuses for issue in found.issues)
    assert {issue.code for issue in found.issues} <= ISSUE_CODES.keys()
    if found.query is not None:
        ignored = [issue for issue in found.issues if issue.code == "unknown-parameter"]
        form = [name for name, _ in params if name in ("_format", "_pretty")]
        assert len(found.query.used) + len(ignored) + len(form) == len(params)
        parts = [found.query.criteria] if rtype else [one.criteria for one in found.query.among]
        assert all(says_something(condition) for part in parts for condition in part)
        hash(found.query)


def says_something(condition: Condition) -> bool:
    match condition:
        case Criterion(values=values, missing=missing):
            return bool(values) or missing is not None
        case Chain(links=links):
            return bool(links) and all(says_something(inner) for _, inner in links)
        case Has(condition=inner):
            return says_something(inner)
        case AnyOf(conditions=conditions):
            return all(map(says_something, conditions))
        case FullText(words=words):
            return bool(words) and all(words)
