"""Where a search parameter lives, and what it asks of a row from which its resource can be reached.

Places: `id` and `time` are columns of the resource itself, `typed` a column of the type's narrow table, `side` rows of
a generic index table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Exists, Select, Table, and_, exists, false, func, literal, literal_column, not_, or_, select
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search.query import ParameterType, Sort
from fhir_service.storage.access import Access
from fhir_service.storage.constructs import filter_only
from fhir_service.storage.matching import Columns, Expression, matches
from fhir_service.storage.shape import ConditionShape, CriterionShape
from fhir_service.storage.tables import PARTS, RESOURCE, SIDE, TYPED, column_names, parameter_id

PLACES = {"_id": "id", "_lastUpdated": "time"}
NO_SYSTEM: Expression = literal_column("''")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `table`, which has the pk of one resource of `rtype`.

    `typed`: it is the narrow table of the type. `start`: the condition that the table was chosen for, whose columns an
    index is to be found by; all others only filter. Whatever else enters is seen with the same `access`.
    """

    table: NamedFromClause
    rtype: str
    access: Access
    typed: bool = False
    start: ConditionShape | None = None

    def beside(self, table: Table, name: str) -> tuple[NamedFromClause, Exists]:
        """Another table, and that it has a row of the same resource."""
        other = entering(table, name, self.access)
        return other, exists().select_from(other).where(other.c.pk == self.table.c.pk)


def entering(table: Table, name: str, access: Access) -> NamedFromClause:
    """`table` with the rows that may be seen. The one door through which a table gets into the SQL of a search."""
    if access.condition is None:
        return table.alias(name)
    return select(table).where(access.of(table)).subquery(name)


def place_of(rtype: str, parameter: str) -> str:
    """`id`, `time`, `typed` or `side`."""
    if parameter in PLACES:
        return PLACES[parameter]
    typed = TYPED.get(rtype)
    return "typed" if typed and parameter in typed.parameters else "side"


def number_of(rtype: str, parameter: str) -> Expression:
    """The number of a parameter, as a part of the statement: PostgreSQL then knows how common it is."""
    return literal_column(str(parameter_id(rtype, parameter)))


def of_type(resource: NamedFromClause, rtype: str) -> Expression:
    """A row of `resource` that was found otherwise is one of the type, and not deleted."""
    return and_(filter_only(resource.c.rtype) == literal(rtype), filter_only(resource.c.deleted) == literal_column("0"))


def asks(row: Row, criterion: CriterionShape) -> Expression:
    """What a criterion asks of the resource of a row."""
    return _ASKS[place_of(row.rtype, criterion.parameter)](row, criterion)


def _time(row: Row, criterion: CriterionShape) -> Expression:
    updated = row.table.c.updated
    return _any_form(criterion, (updated, updated + literal_column("1")))


def _id(row: Row, criterion: CriterionShape) -> Expression:
    if "rid" in row.table.c:
        rid = row.table.c.rid
        found = _any_form(criterion, (rid if row.start is criterion else filter_only(rid), NO_SYSTEM))
        return found if criterion.narrows else not_(found)
    resource, there = row.beside(RESOURCE, criterion.name)
    found = there.where(_any_form(criterion, (filter_only(resource.c.rid), NO_SYSTEM)))
    return found if criterion.narrows else not_(found)


def _typed(row: Row, criterion: CriterionShape) -> Expression:
    names = column_names(criterion.parameter, criterion.type)
    if row.typed:
        own = [row.table.c[name] for name in names]
        return _of_one_row(criterion, own if row.start is criterion else _filters(own))
    probe, there = row.beside(TYPED[row.rtype].table, criterion.name)
    return there.where(_of_one_row(criterion, _filters([probe.c[name] for name in names])))


def _side(row: Row, criterion: CriterionShape) -> Expression:
    number = number_of(row.rtype, criterion.parameter)
    parts = [name for name, _ in PARTS[criterion.type]]
    if row.start is criterion:
        return and_(row.table.c.param == number, _any_form(criterion, [row.table.c[part] for part in parts]))
    probe, there = row.beside(SIDE[criterion.type], criterion.name)
    there = there.where(filter_only(probe.c.param) == number)
    if criterion.missing is not None:
        return not_(there) if criterion.missing else there
    found = there.where(_any_form(criterion, _filters([probe.c[part] for part in parts])))
    return found if criterion.narrows else not_(found)


_ASKS: Mapping[str, Callable[[Row, CriterionShape], Expression]] = {
    "time": _time,
    "id": _id,
    "typed": _typed,
    "side": _side,
}


def _filters(columns: Columns) -> Columns:
    return [filter_only(column) for column in columns]


def _any_form(criterion: CriterionShape, columns: Columns) -> Expression:
    """A value set without codes has no alternatives: nothing is one of them."""
    return or_(false(), *[matches(form, columns, f"{criterion.name}_{i}") for i, form in enumerate(criterion.forms)])


def _of_one_row(criterion: CriterionShape, columns: Columns) -> Expression:
    """The condition where a missing value is NULL rather than no row."""
    if criterion.missing is not None:
        return columns[0].is_(None) if criterion.missing else columns[0].is_not(None)
    found = _any_form(criterion, columns)
    return found if criterion.narrows else or_(columns[0].is_(None), not_(found))


def key_of(row: Row, sort: Sort) -> Any:
    """The sort value of the resource of a row: of several, the least going up and the greatest going down."""
    place = place_of(row.rtype, sort.parameter)
    if place == "time":
        return row.table.c.updated
    if place == "id":
        return row.table.c.rid if "rid" in row.table.c else _looked_up(row, RESOURCE, "rid")
    if sort.type is None:
        raise ValueError(f"{sort.parameter} has no type to sort by")
    part = sort_part(sort)
    if place == "typed":
        name = column_names(sort.parameter, sort.type)[part]
        return row.table.c[name] if row.typed else _looked_up(row, TYPED[row.rtype].table, name)
    table = entering(SIDE[sort.type], "k", row.access)
    value: Expression = (func.max if sort.descending else func.min)(table.c[PARTS[sort.type][part][0]])
    found = select(value).where(table.c.pk == row.table.c.pk, *_sorted_by(table, row.rtype, sort))
    return _scalar(found)


def _sorted_by(table: Any, rtype: str, sort: Sort) -> Iterator[Expression]:
    """Which rows of the resource say where it stands: not those that begin in the middle of a name."""
    yield filter_only(table.c.param) == number_of(rtype, sort.parameter)
    if sort.type is ParameterType.STRING:
        yield filter_only(table.c.exact) != literal_column("''")


_RANGES = (ParameterType.DATE, ParameterType.QUANTITY)


def sort_part(sort: Sort) -> int:
    """Which part of the value is sorted by: of a range its beginning going up, its end going down."""
    return 1 if sort.type in _RANGES and sort.descending else 0


def _looked_up(row: Row, table: Table, column: str) -> Any:
    other = entering(table, "k", row.access)
    return _scalar(select(other.c[column]).where(other.c.pk == row.table.c.pk))


def _scalar(chosen: Select[Any]) -> Any:
    return chosen.scalar_subquery()
