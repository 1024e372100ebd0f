"""Searches of any shape find what a plain look at the index rows of every resource finds, without SQL."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fhir_service.search import extract, parse
from fhir_service.search.query import (
    AnyOf,
    Chain,
    CompositeValue,
    Condition,
    Criterion,
    Cursor,
    DateValue,
    Has,
    IndexRows,
    ParameterType,
    Prefix,
    QuantityValue,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
    Value,
)  # fmt: skip
from fhir_service.storage.port import Changes, Reads, Repository, Write
from profiles.resource import Resource
from tests.contract.database import BASE_URL, Database
from tests.contract.resources import coding, reference, resource

SEEDS = range(4)
QUERIES = 100
TYPES = ("Patient", "Task", "Condition", "Observation")


# The world


def world(seed: int) -> list[Resource]:
    """Resources with few different values, so that queries meet several of them."""
    pick = random.Random(seed)  # noqa: S311 - a world, not a secret

    def maybe(**elements: Any) -> Resource:
        return {name: value for name, value in elements.items() if pick.random() < 0.7}

    def some_patient() -> Resource:
        return reference(f"Patient/{pick.randrange(7)}")

    def code() -> Resource:
        return coding(pick.choice(["s", "t"]), pick.choice("xyz"))

    def day() -> str:
        return pick.choice(["2026", "2026-01", "2026-01-02", "2026-01-02T10:00:00+01:00", "2025-12-31"])

    people = [
        resource("Patient", str(i), **maybe(
            gender=pick.choice(["male", "female"]), birthDate=pick.choice(["1950", "1950-02-03", "1985-11"]),
            name=[{"family": pick.choice(["Berg", "Bergli", "Åsen"]), "given": [pick.choice(["Kåre", "Berit"])]}],
            active=pick.random() < 0.5, identifier=[{"system": "i", "value": str(pick.randrange(4))}],
            generalPractitioner=[reference("Practitioner/gp")],
        )) for i in range(6)
    ]  # fmt: skip
    tasks = [
        resource("Task", str(i), **maybe(
            status=pick.choice(["requested", "accepted"]), **{"for": some_patient()}, code=code(),
            focus=reference(f"Condition/{pick.randrange(8)}"), authoredOn=day(),
            partOf=[reference(f"Task/{pick.randrange(9)}")], owner=reference("http://elsewhere.example/Organization/1"),
        )) for i in range(8)
    ]  # fmt: skip
    conditions = [
        resource("Condition", str(i), **maybe(
            subject=some_patient(), code={"coding": [code()["coding"][0], code()["coding"][0]]}, onsetDateTime=day(),
        )) for i in range(7)
    ]  # fmt: skip
    observations = [
        resource("Observation", str(i), **maybe(
            status="final", subject=some_patient(), code=code(), effectiveDateTime=day(),
            valueQuantity={"value": pick.choice([-2.5, 0, 5, 5.4, 50]), "unit": pick.choice(["mg", "g"])},
        )) for i in range(8)
    ]  # fmt: skip
    return [*people, *tasks, *conditions, *observations]


# What is asked

VALUES: Mapping[str, tuple[str, ...]] = {
    "Patient.gender": ("male", "female,male"),
    "Patient.birthdate": ("1950", "1950-02-03", "gt1950", "le1985-11-05", "ne1950", "sa1951", "ap1985"),
    "Patient.family": ("berg", "berg,åse", "asen"),
    "Patient.name": ("k", "ber"),
    "Patient.active": ("true",),
    "Patient.identifier": ("1", "i|2", "i|", "i|1,i|3"),
    "Patient.general-practitioner": ("gp", "Practitioner/gp"),
    "Task.status": ("requested", "requested,accepted"),
    "Task.patient": ("1", "Patient/2,Patient/3"),
    "Task.code": ("x", "s|x", "s|x,t|y", "z,t|x", "s|"),
    "Task.authored-on": ("2026", "2026-01-02", "lt2026", "ge2026-01-02", "eb2026"),
    "Task.focus": ("Condition/1", "Condition/2,Condition/3"),
    "Task.part-of": ("Task/1", "2"),
    "Task.owner": ("http://elsewhere.example/Organization/1",),
    "Condition.subject": ("Patient/1", "2,3"),
    "Condition.code": ("x", "s|x", "x,y", "t|"),
    "Condition.onset-date": ("2026-01", "gt2026", "le2026-01-02", "2025,2026"),
    "Observation.code": ("x", "t|y,t|z"),
    "Observation.value-quantity": ("5", "5.0", "gt0||mg", "le5.4", "ne5||g", "-2.5,50", "ap5"),
    "Observation.code-value-quantity": ("x$5", "s|y$gt0", "z$lt10,x$50||mg"),
    "Observation.date": ("2026", "sa2025", "ge2026-01-02"),
    "Observation.patient": ("1", "Patient/4"),
}
MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "Patient.family": (":exact", ":contains"), "Patient.name": (":contains",), "Patient.gender": (":not",),
    "Task.code": (":not",), "Task.status": (":not",), "Condition.code": (":not",),
}  # fmt: skip
CHAINS = ("Task.patient>Patient", "Task.focus:Condition>Condition", "Task.part-of>Task", "Condition.patient>Patient",
          "Observation.subject:Patient>Patient", "Observation.subject>Patient",
          "Condition.subject>Patient")  # fmt: skip
HAS = ("Patient<Task:patient", "Patient<Condition:subject", "Patient<Observation:patient", "Condition<Task:focus",
       "Task<Task:part-of")  # fmt: skip
SORTS = ("_id", "-_id", "_lastUpdated", "-_lastUpdated")


def parameter(pick: random.Random, rtype: str, depth: int = 2) -> tuple[str, str]:
    """One `name=value` that a type takes."""
    kind = pick.random() if depth else 1.0
    chains = [c for c in CHAINS if c.startswith(f"{rtype}.")]
    if kind < 0.2 and chains:
        via, to = pick.choice(chains).partition(".")[2].split(">")
        name, value = parameter(pick, to, depth - 1)
        return f"{via}.{name}", value
    reverse = [h for h in HAS if h.startswith(f"{rtype}<")]
    if kind < 0.35 and reverse:
        source = pick.choice(reverse).partition("<")[2]
        name, value = parameter(pick, source.partition(":")[0], depth - 1)
        return f"_has:{source}:{name}", value
    if kind < 0.4:
        return "_id", pick.choice(["1", "2,3", "9"])
    name = pick.choice([n for n in VALUES if n.startswith(f"{rtype}.")])
    code = name.partition(".")[2]
    if pick.random() < 0.15:
        return f"{code}:missing", pick.choice(["true", "false"])
    return code + (pick.choice(("", *MODIFIERS.get(name, ())))), pick.choice(VALUES[name])


def question(pick: random.Random) -> tuple[str, list[tuple[str, str]]]:
    rtype = pick.choice(TYPES)
    params = [parameter(pick, rtype) for _ in range(pick.choice([0, 1, 1, 1, 2, 2, 3]))]
    if pick.random() < 0.5:
        own = [n.partition(".")[2] for n in VALUES if n.startswith(f"{rtype}.") and "$" not in VALUES[n][0]]
        keys = [pick.choice([*SORTS, *own, *(f"-{code}" for code in own)]) for _ in range(pick.choice([1, 1, 2, 3]))]
        params.append(("_sort", ",".join(keys)))
    return rtype, params


# The plain look


class Naive:
    """Every resource with its rows, in the order in which they were written."""

    def __init__(self, resources: Iterable[Resource], times: Mapping[tuple[str, str], int]) -> None:
        self.all = {(r["resourceType"], r["id"]): extract(r, BASE_URL) for r in resources}
        self.times = times
        self.made = list(self.all)

    def holds(self, key: tuple[str, str], condition: Condition) -> bool:
        if isinstance(condition, Chain):
            targets = {(t, i) for p, t, i, _ in self.all[key].references if p == condition.parameter}
            return any((t, i) in self.all and t == to and self.holds((t, i), inner)
                       for to, inner in condition.links for t, i in targets)  # fmt: skip
        if isinstance(condition, Has):
            return any(
                rtype == condition.rtype and self.holds((rtype, rid), condition.condition)
                and any((p, t, i) == (condition.parameter, *key) for p, t, i, _ in rows.references)
                for (rtype, rid), rows in self.all.items()
            )  # fmt: skip
        if isinstance(condition, AnyOf):
            return any(self.holds(key, one) for one in condition.conditions)
        assert isinstance(condition, Criterion)
        return self.meets(key, condition)

    def meets(self, key: tuple[str, str], asked: Criterion) -> bool:
        rows = self.rows(key, asked.parameter, asked.type)
        if asked.missing is not None:
            return asked.missing is (not rows)
        found = any(MEETS[type(value)](value, row, asked.modifier) for value in asked.values for row in rows)
        return not found if asked.modifier == "not" else found

    def rows(self, key: tuple[str, str], parameter: str, ptype: ParameterType | None) -> list[Any]:
        if parameter == "_id":
            return [("", key[1])]
        if parameter == "_lastUpdated":
            return [(self.times[key], self.times[key] + 1)]
        of = self.all[key]
        return [row[1:] for row in _SIDE[ptype](of) if row[0] == parameter]

    def order(self, keys: list[tuple[str, str]], sorts: tuple[Sort, ...]) -> list[str]:
        """Missing values last, what is the same newest first."""
        for_ties = sorted(keys, key=self.made.index, reverse=True)
        for sort in reversed(sorts or (Sort("_lastUpdated", None, descending=True),)):
            known = [k for k in for_ties if self.rows(k, sort.parameter, sort.type)]
            missing = [k for k in for_ties if k not in known]
            known = sorted(known, key=partial(self.key, sort), reverse=sort.descending)
            for_ties = [*known, *missing]
        return [rid for _, rid in for_ties]

    def key(self, sort: Sort, key: tuple[str, str]) -> Any:
        place = _SORTED_BY.get(sort.type, 1 if sort.parameter == "_id" else 0)
        if sort.descending and sort.type in (ParameterType.DATE, ParameterType.QUANTITY):
            place = 1
        values = [_target(row) if sort.type is ParameterType.REFERENCE else row[place] for row in
                  self.rows(key, sort.parameter, sort.type)]  # fmt: skip
        return max(values) if sort.descending else min(values)


def _target(row: Any) -> Any:
    return row[2] or row[1]


_SORTED_BY: Mapping[ParameterType | None, int] = {ParameterType.TOKEN: 1, ParameterType.STRING: 0}
_SIDE: Mapping[ParameterType | None, Callable[[IndexRows], Iterable[Any]]] = {
    ParameterType.TOKEN: lambda r: r.tokens, ParameterType.REFERENCE: lambda r: r.references,
    ParameterType.DATE: lambda r: r.dates, ParameterType.STRING: lambda r: r.strings,
    ParameterType.QUANTITY: lambda r: r.quantities, ParameterType.COMPOSITE: lambda r: r.composites,
}  # fmt: skip


def _range(value: Any, row: Any, _: str | None = None) -> bool:
    x, y, a, b = row[0], row[1], value.lo, value.hi
    inside = a <= x and y <= b and x < b
    holds: Mapping[Prefix, bool] = {
        Prefix.EQ: inside, Prefix.NE: x < a or y > b, Prefix.GT: y > b, Prefix.LT: x < a, Prefix.GE: y > b or
        (x >= a and y <= b), Prefix.LE: x < a or (x >= a and y <= b), Prefix.SA: x >= b, Prefix.EB: y <= a,
        Prefix.AP: x < b and y > a,
    }  # fmt: skip
    return holds[value.prefix]


def _quantity(value: QuantityValue, row: Any, _: str | None = None) -> bool:
    system, code, unit = row[2:]
    if value.system is not None and (system != value.system or value.code not in (None, code)):
        return False
    return (value.code is None or value.code in (code, unit)) and _range(value, row)


def _string(value: StringValue, row: Any, modifier: str | None = None) -> bool:
    norm, exact = row
    if modifier == "exact":
        return bool(exact == value.text)
    return value.text in norm if modifier == "contains" else bool(norm.startswith(value.text))


def _token(value: TokenValue, row: Any, _: str | None = None) -> bool:
    return value.system in (None, row[0]) and value.code in (None, row[1])


def _reference(value: ReferenceValue, row: Any, _: str | None = None) -> bool:
    rtype, rid, url = row
    return bool(url == value.url if value.url is not None else rid == value.rid and value.rtype in (None, rtype))


def _composite(value: CompositeValue, row: Any, _: str | None = None) -> bool:
    return all(MEETS[type(part)](part, one, None) for part, one in zip(value.parts, row[0], strict=True))


MEETS: Mapping[type[Value], Callable[[Any, Any, str | None], bool]] = {
    TokenValue: _token, ReferenceValue: _reference, DateValue: _range, StringValue: _string, QuantityValue: _quantity,
    CompositeValue: _composite,
}  # fmt: skip


# Both together


async def write_all(repository: Repository, resources: list[Resource]) -> dict[tuple[str, str], int]:
    """In several transactions, so that some have the same time."""
    times: dict[tuple[str, str], int] = {}
    for first in range(0, len(resources), 5):
        some = resources[first : first + 5]

        async def work(tx: Reads, some: list[Resource] = some) -> tuple[None, Changes]:
            writes = tuple(Write(r["resourceType"], r["id"], 1, tx.now, r, b"{}") for r in some)
            times.update({(w.rtype, w.rid): int(w.updated.timestamp() * 1_000_000) for w in writes})
            return None, Changes(writes=writes)

        await repository.run(work)
    return times


async def all_of(repository: Repository, query: SearchQuery) -> list[str]:
    found: list[str] = []
    while True:
        page = await repository.search(query)
        found += [one.rid for one in page.matches]
        assert page.total == query.total or page.total is not None
        if page.following is None:
            return found
        query = replace(query, after=Cursor(*page.following))


@pytest.mark.parametrize("seed", SEEDS)
def test_search_finds_what_a_plain_look_finds(database: Database, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(1000 + seed)  # noqa: S311 - questions, not secrets
    for name in ("FEW", "FEW_BEYOND"):
        monkeypatch.setattr(f"fhir_service.storage.searching.{name}", pick.choice([-1, 3, 1_000]))

    async def told(repository: Repository) -> None:
        resources = world(seed)
        pick.shuffle(resources)
        naive = Naive(resources, await write_all(repository, resources))
        met = 0
        for _ in range(QUERIES):
            rtype, params = question(pick)
            parsed = parse(rtype, params, base_url=BASE_URL)
            assert parsed.query, (params, parsed.issues)
            query = replace(parsed.query, count=pick.choice([2, 3, 50]), total=True)
            keys = [k for k in naive.all if k[0] == rtype and all(naive.holds(k, c) for c in query.criteria)]
            expected = naive.order(keys, query.sort)
            met += bool(expected)
            assert await all_of(repository, query) == expected, (rtype, params)
            assert (await repository.search(query)).total == len(expected), (rtype, params)
        assert met > QUERIES / 4

    database.run(told)
