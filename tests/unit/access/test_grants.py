"""Who may see what, by example: `tests/cases/access/grants/<case>.json` (workflow.md 4.5-4.7, SR-27, decision 42).

`given`: what stands about the person; `expect`: a line for each grant, with the times in Norway between which it holds.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.access._periods import both, covering, held, minus
from fhir_service.access.grants import decides, deciding, grants_of
from fhir_service.rules import Standing
from fhir_service.search.dates import EARLIEST, LATEST
from fhir_service.sight import Grant
from fhir_service.storage.instants import moment

CASES = Path(__file__).parents[2] / "cases" / "access" / "grants"
FILES = sorted(CASES.glob("*.json"))
BESIDE = {"Organization", "OrganizationAffiliation", "PractitionerRole"}
"""Types about no person: what changes in them is followed apart."""


def line(grant: Grant) -> str:
    return f"{grant.who} {grant.role or 'anybody'} {grant.sector} {_time(grant.starts)} - {_time(grant.ends)}"


def _time(at: int) -> str:
    if at in (EARLIEST, LATEST):
        return "always"
    return moment(at).astimezone(ZoneInfo("Europe/Oslo")).isoformat(timespec="minutes")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_grants_of_a_case(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    standing = Standing("person", {f"{r['resourceType']}/{r['id']}": r for r in case["given"]})
    assert sorted(map(line, grants_of(standing))) == case["expect"], case["shows"]


def test_nobody_in_particular_has_no_grants() -> None:
    assert grants_of(Standing(None, {})) == frozenset()


def test_every_case_hangs_on_what_decides() -> None:
    for file in FILES:
        case = json.loads(file.read_text(encoding="utf-8"))
        assert not case["expect"] or any(map(decides, case["given"])), file.stem
    assert not decides({"resourceType": "Consent", "id": "research"})
    assert not decides({"resourceType": "Encounter", "class": {"code": "AMB"}})


def without_each_part(value: Any) -> Iterator[Any]:
    """The value as many times as it has parts, each time without another one."""
    if isinstance(value, dict):
        for name in value.keys() - {"resourceType", "id"}:
            yield {k: v for k, v in value.items() if k != name}
            yield from ({**value, name: less} for less in without_each_part(value[name]))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield value[:n] + value[n + 1 :]
            yield from ([*value[:n], less, *value[n + 1 :]] for less in without_each_part(item))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_grants_stay_while_the_deciding_part_does(file: Path) -> None:
    """SR-27: what is taken from a resource of theirs, grants follow or it is told to decide nothing."""
    case = json.loads(file.read_text(encoding="utf-8"))
    whole = {f"{r['resourceType']}/{r['id']}": r for r in case["given"]}
    before = grants_of(Standing("person", whole))
    theirs = [literal for literal, one in whole.items() if one["resourceType"] not in BESIDE]
    for literal in theirs:
        for less in without_each_part(whole[literal]):
            if deciding(less) == deciding(whole[literal]):
                assert grants_of(Standing("person", {**whole, literal: less})) == before, less


def test_what_decides_nothing_has_no_deciding_part() -> None:
    assert deciding(None) is None
    assert deciding({"resourceType": "Goal", "id": "1"}) is None


def test_membership_ends_when_its_end_begins() -> None:
    start, end = held({"start": "2026-03-01", "end": "2026-03-02"})
    assert (moment(start), moment(end)) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 1, 23, tzinfo=UTC),
    )
    assert covering({"end": "2026-03-02"}) == (EARLIEST, end + 24 * 3600 * 10**6)
    assert held({}) == held(None) == (EARLIEST, LATEST)
    assert held({"end": "soon"}) == (EARLIEST, EARLIEST)


times = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: (min(pair), max(pair)))


@given(times, st.lists(times, max_size=4), st.integers(0, 20))
def test_minus_leaves_what_none_of_the_others_holds(
    one: tuple[int, int], others: list[tuple[int, int]], at: int
) -> None:
    def within(period: tuple[int, int]) -> bool:
        return period[0] <= at < period[1]

    assert any(map(within, minus(one, others))) == (within(one) and not any(map(within, others)))
    assert within(both(one, (5, 10))) == (within(one) and 5 <= at < 10)
