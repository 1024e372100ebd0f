"""However numbers and links come and go: one plan for a person, nothing lost, nobody joined for nothing (SR-14)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.resource import Resource
from tests.rest.conftest import Rest, code
from tests.rest.persons import DUF, changed, numbers, opened, person, planned, replaced_by

PATIENTS, NUMBERS = 4, 3
_UNIQUE = count(200000000001)
Action = tuple[str, int, Any]
WHO = st.integers(0, PATIENTS - 1)
ACTIONS = st.one_of(
    st.tuples(st.just("numbers"), WHO, st.frozensets(st.integers(0, NUMBERS - 1), max_size=2)),
    st.tuples(st.just("numbers"), WHO, st.frozensets(st.integers(0, NUMBERS - 1), max_size=1)),
    st.tuples(st.just("link"), WHO, WHO),
    st.tuples(st.just("plan"), WHO, st.none()),
)


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    folder: Path = tmp_path_factory.mktemp("numbers")
    with opened(folder) as client:
        yield client


@dataclass
class Told:
    """What was accepted, and who is one by it."""

    rest: Rest
    patients: list[Resource]
    values: list[str]
    same: dict[str, str] = field(default_factory=dict)
    plans: dict[str, int] = field(default_factory=dict)
    """Plan in force -> whose record it was made for."""

    def one(self, name: str) -> str:
        while name in self.same:
            name = self.same[name]
        return name

    def join(self, one: str, other: str) -> None:
        if self.one(one) != self.one(other):
            self.same[self.one(one)] = self.one(other)

    def of(self, who: int) -> set[str]:
        return {plan for plan, owner in self.plans.items() if self.one(f"p{owner}") == self.one(f"p{who}")}

    def numbers(self, who: int, stated: frozenset[int]) -> None:
        """Accepted or refused as the accepted numbers so far say."""
        answer = changed(
            self.rest, self.patients[who], identifier=numbers(*((DUF, self.values[n]) for n in sorted(stated))) or None
        )
        if answer.status_code == 200:
            for number in stated:
                self.join(f"n{number}", f"p{who}")
            return
        assert answer.status_code == 409, answer.text
        others = {self.one(f"n{n}") for n in stated} | {self.one(f"p{who}")}
        assert len(others) > 1
        assert code(answer) in ("identity-ambiguous", "duplicate-plan")

    def link(self, source: int, target: int) -> None:
        answer = changed(self.rest, self.patients[source], link=replaced_by(self.patients[target]))
        if answer.status_code == 200:
            self.join(f"p{source}", f"p{target}")
            return
        assert code(answer) in ("duplicate-plan", "rule"), answer.text
        assert code(answer) == "rule" or self.of(source) != self.of(target)

    def plan(self, who: int, _: None) -> None:
        answer = planned(self.rest, self.patients[who])
        if self.of(who):
            assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
        else:
            assert answer.status_code == 201, answer.text
            self.plans[answer.json()["id"]] = who

    def check(self) -> None:
        owners = [self.one(f"p{owner}") for owner in self.plans.values()]
        assert len(owners) == len(set(owners))
        for plan, owner in self.plans.items():
            stored = self.rest.get(f"CarePlan/{plan}").json()
            assert stored["status"] == "draft"
            about = [n for n, p in enumerate(self.patients) if stored["subject"]["reference"] == f"Patient/{p['id']}"]
            assert [self.one(f"p{n}") for n in about] == [self.one(f"p{owner}")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, min_size=3, max_size=12))
def test_whatever_numbers_do_there_is_one_plan_for_a_person(rest: Rest, actions: list[Action]) -> None:
    told = Told(rest, [person(rest) for _ in range(PATIENTS)], [str(next(_UNIQUE)) for _ in range(NUMBERS)])
    for kind, who, what in actions:
        getattr(told, kind)(who, what)
    for who in range(PATIENTS):
        told.plan(who, None)
    told.check()
