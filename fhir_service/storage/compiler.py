"""SearchQuery -> SQL: the selective table first, everything else as EXISTS beside it (stack.md 5, trap 2).

A search starts at one table, the *driver*: the narrow table of the type, a generic index table, or `resource`; each
has `pk` and `updated`. One statement finds the page by pk and sort values, and then fetches the bodies of that page.
Default order is newest first; pages are keyset pages: they end at the sort values and pk of their last row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, false, func, literal, or_, select, true, tuple_, union
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search.query import Include, ParameterType
from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.homes import Driver, condition, driver_of, entering, key_of, place_of
from fhir_service.storage.matching import Expression
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.shape import NEWEST_FIRST, Shape
from fhir_service.storage.statements import stored_columns
from fhir_service.storage.tables import REF, RESOURCE, TYPED, column_names, parameter_id

SHAPES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class CompiledSearch:
    """The statements of one shape. Rows of `page`: the columns of a Stored, pk, then the sort values.

    `simple`: it looks at nothing but the narrow table of the type, and has little to sort: it may run on the loop
    (decision 41).
    """

    page: Prepared
    total: Prepared
    simple: bool


@lru_cache(maxsize=SHAPES_KEPT)
def compile_search(shape: Shape) -> CompiledSearch:
    """The statements for a shape, made at its first use."""
    driver = driver_of(shape)
    found = [condition(driver, shape.rtype, c) for c in shape.criteria]
    where = [*driver.own_conditions(shape.rtype), *found]
    asked = [*(c.parameter for c in shape.criteria), *(s.parameter for s in shape.sort)]
    own = driver.typed and all(place_of(shape.rtype, parameter) in ("typed", "time") for parameter in asked)
    few = driver.criterion is not None and driver.criterion.type is ParameterType.REFERENCE
    return CompiledSearch(
        page=prepare(_page(shape, driver, where)),
        total=prepare(_total(driver, where)),
        simple=own and (few or shape.sort == (NEWEST_FIRST,)),
    )


def _page(shape: Shape, driver: Driver, where: Iterable[Expression]) -> Select[Any]:
    source = driver.table
    keys = [key_of(driver, shape.rtype, s).label(f"key_{i}") for i, s in enumerate(shape.sort)]
    chosen = select(source.c.pk, *keys).select_from(source).where(*where)
    if driver.repeats:
        chosen = chosen.distinct()
    if shape.after is not None:
        chosen = chosen.where(_after(shape, keys, source.c.pk))
    page = chosen.order_by(*_order(shape, keys, source.c.pk)).limit(bindparam("limit")).subquery("page")
    resource = entering(RESOURCE, "r")
    outer = [page.c[f"key_{i}"] for i in range(len(keys))]
    return (
        select(*stored_columns(resource), page.c.pk, *outer)
        .select_from(page.join(resource, resource.c.pk == page.c.pk))
        .order_by(*_order(shape, outer, page.c.pk))
    )


def _total(driver: Driver, where: Iterable[Expression]) -> Select[Any]:
    chosen = select(driver.table.c.pk).select_from(driver.table).where(*where)
    found = (chosen.distinct() if driver.repeats else chosen).subquery("found")
    return select(func.count()).select_from(found)


def _order(shape: Shape, keys: list[Any], pk: Expression) -> list[Any]:
    """Missing values last in both directions; what is the same, newest made first."""
    if shape.sort == (NEWEST_FIRST,):
        return [keys[0].desc(), pk.desc()]
    ordered = [(k.desc() if s.descending else k.asc()).nulls_last() for s, k in zip(shape.sort, keys, strict=True)]
    return [*ordered, pk.desc()]


def _after(shape: Shape, keys: list[Any], pk: Expression) -> Expression:
    """Rows that come after the cursor in `_order`."""
    expressions = [k.element for k in keys]
    if shape.sort == (NEWEST_FIRST,):
        return tuple_(expressions[0], pk) < tuple_(bindparam("after_0"), bindparam("after_pk"))
    further: list[Expression] = []
    same: list[Expression] = []
    for i, (sort, key, known) in enumerate(zip(shape.sort, expressions, shape.after or (), strict=True)):
        value: BindParameter[Any] = bindparam(f"after_{i}")
        beyond = or_(key < value if sort.descending else key > value, key.is_(None)) if known else false()
        further.append(and_(true(), *same, beyond))
        same.append(key == value if known else key.is_(None))
    return or_(*further, and_(*same, pk < bindparam("after_pk")))


@lru_cache(maxsize=SHAPES_KEPT)
def compile_includes(rtype: str, includes: tuple[Include, ...]) -> Prepared:
    """The resources that those with the bound `pks` refer to, each once: rows of a Stored."""
    named = union(*[_references(rtype, include) for include in includes]).subquery("named")
    resource = entering(RESOURCE, "r")
    same = and_(resource.c.rtype == named.c.rtype, resource.c.rid == named.c.target, resource.c.deleted == 0)
    return prepare(
        select(*stored_columns(resource)).select_from(named.join(resource, same)).order_by(resource.c.pk.asc())
    )


def _references(rtype: str, include: Include) -> Select[Any]:
    source, target, kind, where = _reference_columns(rtype, include.parameter)
    chosen = select(kind.label("rtype"), target.label("target")).distinct().select_from(source).where(*where)
    return chosen if include.target is None else chosen.where(kind == literal(include.target))


def _reference_columns(rtype: str, parameter: str) -> tuple[NamedFromClause, Expression, Expression, list[Expression]]:
    typed = TYPED.get(rtype)
    if typed and parameter in typed.parameters:
        table = entering(typed.table, "s")
        target, kind = column_names(parameter, typed.parameters[parameter])
        return table, table.c[target], table.c[kind], [any_of(table.c.pk, "pks")]
    table = entering(REF, "s")
    number = filter_only(table.c.param) == literal(parameter_id(rtype, parameter))
    return table, table.c.target, table.c.rtype, [any_of(table.c.pk, "pks"), number]
