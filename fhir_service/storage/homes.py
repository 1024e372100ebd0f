"""Where a search parameter lives, and how a search reaches it from the table it starts at.

Places: `id` and `time` are columns of the resource itself, `typed` a column of the type's narrow table, `side` rows of
a generic index table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, and_, exists, func, literal, literal_column, not_, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search.query import ParameterType, Sort
from fhir_service.storage.constructs import filter_only
from fhir_service.storage.matching import Expression, matches
from fhir_service.storage.shape import CriterionShape, Shape
from fhir_service.storage.tables import PARTS, RESOURCE, SIDE, TYPED, column_names, parameter_id

PLACES = {"_id": "id", "_lastUpdated": "time"}
NO_SYSTEM: Expression = literal_column("''")
RANKS: Mapping[tuple[ParameterType, str], int] = {
    (ParameterType.REFERENCE, "one"): 2,
    (ParameterType.REFERENCE, "of-one"): 2,
    (ParameterType.REFERENCE, "many"): 3,
    (ParameterType.REFERENCE, "of-many"): 3,
    (ParameterType.STRING, "starts"): 4,
    (ParameterType.TOKEN, "one"): 5,
    (ParameterType.TOKEN, "of-one"): 5,
    (ParameterType.TOKEN, "many"): 6,
    (ParameterType.TOKEN, "of-many"): 6,
    (ParameterType.STRING, "exact"): 7,
    (ParameterType.STRING, "contains"): 7,
    (ParameterType.DATE, "eq"): 8,
}
"""How well a criterion narrows a search, best first. What is not here never comes first."""
KNOWN_RANKS = {"_id": 0, "identifier": 0, "patient": 1, "subject": 1, "status": 7}


@dataclass(frozen=True, slots=True)
class Driver:
    """The table that a search starts at. `criterion`: the one it was chosen for; `repeats`: may name a pk twice."""

    table: NamedFromClause
    criterion: CriterionShape | None
    typed: bool
    repeats: bool

    def own_conditions(self, rtype: str) -> list[Expression]:
        """What makes its rows those of the type; index tables hold nothing else."""
        if self.typed or self.repeats:
            return []
        return [self.table.c.rtype == literal(rtype), self.table.c.deleted == literal_column("0")]


def entering(table: Table, name: str) -> NamedFromClause:
    """`table` as a search sees it. The one door through which a table gets into the SQL of a search."""
    return table.alias(name)


def place_of(rtype: str, parameter: str) -> str:
    """`id`, `time`, `typed` or `side`."""
    if parameter in PLACES:
        return PLACES[parameter]
    typed = TYPED.get(rtype)
    return "typed" if typed and parameter in typed.parameters else "side"


def driver_of(shape: Shape) -> Driver:
    """Choose where to start: at the criterion that narrows most, else at everything of the type, newest first."""
    ranked = [(rank, c) for c in shape.criteria if (rank := _rank(shape.rtype, c)) is not None]
    best = min(ranked, key=lambda found: found[0])[1] if ranked else None
    place = place_of(shape.rtype, best.parameter) if best else "typed"
    if place == "side" and best:
        return Driver(entering(SIDE[best.type], "d"), best, typed=False, repeats=True)
    typed = TYPED.get(shape.rtype)
    if place == "id" or typed is None:
        return Driver(entering(RESOURCE, "d"), best, typed=False, repeats=False)
    return Driver(entering(typed.table, "d"), best, typed=True, repeats=False)


def _rank(rtype: str, criterion: CriterionShape) -> tuple[int, bool] | None:
    if not criterion.narrows or not criterion.forms or criterion.parameter == "_lastUpdated":
        return None
    ranks = [RANKS.get((criterion.type, form)) for form in criterion.forms]
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(ranks):
        return None
    return KNOWN_RANKS.get(criterion.parameter, max(known)), place_of(rtype, criterion.parameter) == "side"


def condition(driver: Driver, rtype: str, criterion: CriterionShape) -> Expression:
    """What a criterion asks of the row of the driver."""
    return _CONDITION[place_of(rtype, criterion.parameter)](driver, rtype, criterion)


def _time(driver: Driver, _: str, criterion: CriterionShape) -> Expression:
    updated = driver.table.c.updated
    return _any_form(criterion, (updated, updated + literal_column("1")))


def _id(driver: Driver, _: str, criterion: CriterionShape) -> Expression:
    """Nothing narrows more than an id: where there is one, the driver is `resource`."""
    rid = driver.table.c.rid
    return _any_form(criterion, (rid if driver.criterion is criterion else filter_only(rid), NO_SYSTEM))


def _typed(driver: Driver, rtype: str, criterion: CriterionShape) -> Expression:
    names = column_names(criterion.parameter, criterion.type)
    if driver.typed:
        own = (driver.table.c[names[0]], driver.table.c[names[1]])
        return _of_one_row(criterion, own if driver.criterion is criterion else _filters(own))
    probe = entering(TYPED[rtype].table, criterion.name)
    asked = _of_one_row(criterion, _filters((probe.c[names[0]], probe.c[names[1]])))
    return exists().select_from(probe).where(probe.c.pk == driver.table.c.pk, asked)


def _side(driver: Driver, rtype: str, criterion: CriterionShape) -> Expression:
    number: Expression = literal_column(str(parameter_id(rtype, criterion.parameter)))
    first, second = (name for name, _ in PARTS[criterion.type])
    if driver.criterion is criterion:
        own = (driver.table.c[first], driver.table.c[second])
        return and_(driver.table.c.param == number, _any_form(criterion, own))
    probe = entering(SIDE[criterion.type], criterion.name)
    there = exists().select_from(probe).where(probe.c.pk == driver.table.c.pk, filter_only(probe.c.param) == number)
    if criterion.missing is not None:
        return not_(there) if criterion.missing else there
    found = there.where(_any_form(criterion, _filters((probe.c[first], probe.c[second]))))
    return found if criterion.narrows else not_(found)


_CONDITION: Mapping[str, Callable[[Driver, str, CriterionShape], Expression]] = {
    "time": _time,
    "id": _id,
    "typed": _typed,
    "side": _side,
}


def _filters(columns: tuple[Expression, Expression]) -> tuple[Expression, Expression]:
    return filter_only(columns[0]), filter_only(columns[1])


def _any_form(criterion: CriterionShape, columns: tuple[Expression, Expression]) -> Expression:
    return or_(*[matches(form, columns, f"{criterion.name}_{i}") for i, form in enumerate(criterion.forms)])


def _of_one_row(criterion: CriterionShape, columns: tuple[Expression, Expression]) -> Expression:
    """The condition where a missing value is NULL rather than no row."""
    if criterion.missing is not None:
        return columns[0].is_(None) if criterion.missing else columns[0].is_not(None)
    found = _any_form(criterion, columns)
    return found if criterion.narrows else or_(columns[0].is_(None), not_(found))


def key_of(driver: Driver, rtype: str, sort: Sort) -> Any:
    """The sort value of the row of the driver: of several, the least going up and the greatest going down."""
    place = place_of(rtype, sort.parameter)
    if place == "time":
        return driver.table.c.updated
    if place == "id":
        return driver.table.c.rid if "rid" in driver.table.c else _looked_up(driver, entering(RESOURCE, "k"), "rid")
    if sort.type is None:
        raise ValueError(f"{sort.parameter} has no type to sort by")
    first, second = (name for name, _ in PARTS[sort.type])
    part = second if sort.type is ParameterType.DATE and sort.descending else first
    if place == "typed":
        name = column_names(sort.parameter, sort.type)[0 if part == first else 1]
        return driver.table.c[name] if driver.typed else _looked_up(driver, entering(TYPED[rtype].table, "k"), name)
    table = entering(SIDE[sort.type], "k")
    value: Expression = (func.max if sort.descending else func.min)(table.c[part])
    number: Expression = literal_column(str(parameter_id(rtype, sort.parameter)))
    return _scalar(select(value).where(table.c.pk == driver.table.c.pk, filter_only(table.c.param) == number))


def _looked_up(driver: Driver, table: NamedFromClause, column: str) -> Any:
    return _scalar(select(table.c[column]).where(table.c.pk == driver.table.c.pk))


def _scalar(chosen: Select[Any]) -> Any:
    return chosen.scalar_subquery()
