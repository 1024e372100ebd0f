"""SearchQuery -> SQL: the selective table first, everything else as EXISTS beside it (stack.md 5, trap 2).

A search starts at one table: the narrow table of the type, a generic index table, or `resource`; each has `pk` and
`updated`. One statement finds the page by pk and sort values, and then fetches the bodies of that page, but for large
ones (`bodies`). Default order is newest first; pages are keyset pages: they end at the sort values and pk of their last
row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from fhir_service.search.query import Sort
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import measured_columns
from fhir_service.storage.conditions import begins, holds, own_conditions, pks, started
from fhir_service.storage.homes import PLACES, Row, entering, key_of
from fhir_service.storage.matching import Expression
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.shape import NEWEST_FIRST, ConditionShape, Shape
from fhir_service.storage.starts import best_start
from fhir_service.storage.tables import RESOURCE

SHAPES_KEPT = 1024


@lru_cache(maxsize=SHAPES_KEPT)
def compile_page(shape: Shape, access: Access = EVERYTHING, start: ConditionShape | None = None) -> Prepared:
    """The rows of a page: measured columns, pk, then the sort values. `start`: the condition to start at.

    Newest first they are put in order by whoever asks (`pages.in_order`): the database would sort them body and all.
    """
    chosen, labels = chosen_page(shape, access, start)
    page = chosen.subquery("page")
    resource = entering(RESOURCE, "r", access)
    outer = [page.c[label] for label in labels]
    joined = page.join(resource, resource.c.pk == page.c.pk)
    rows = select(*measured_columns(resource), page.c.pk, *outer).select_from(joined)
    return prepare(rows if shape.sort == (NEWEST_FIRST,) else rows.order_by(*_order(shape, outer, page.c.pk)))


def chosen_page(shape: Shape, access: Access, start: ConditionShape | None) -> tuple[Select[Any], list[str]]:
    """(pk, sort values) of the page."""
    labels = [f"key_{i}" for i in range(len(shape.sort))]
    by_id = shape.sort[0].parameter == "_id"
    if not shape.among:
        return _limited(shape, _Part(shape.rtype, shape.criteria, start, "d", by_id), access), labels
    parts = [_Part(t, c, best_start(t, c), f"d{i}", by_id) for i, (t, c) in enumerate(shape.among)]
    each = [_limited(shape, part, access).subquery(f"p{i}") for i, part in enumerate(parts)]
    together = union_all(*[select(one.c.pk, *[one.c[label] for label in labels]) for one in each]).subquery("found")
    keys = [together.c[label] for label in labels]
    return select(together.c.pk, *keys).order_by(*_order(shape, keys, together.c.pk)).limit(bindparam("limit")), labels


@dataclass(frozen=True, slots=True)
class _Part:
    """What is found of one type, and the condition to start at. `by_id`: in the order of ids, where there is none."""

    rtype: str
    criteria: tuple[ConditionShape, ...]
    start: ConditionShape | None
    name: str
    by_id: bool = False


def _found(part: _Part, access: Access) -> tuple[Row, list[Expression], bool]:
    row, repeats = started(part.rtype, part.start, access, part.name, by_id=part.by_id)
    others = [holds(row, one) for one in part.criteria if one != part.start]
    return row, [*own_conditions(row), *begins(row), *others], repeats


def _limited(shape: Shape, part: _Part, access: Access) -> Select[Any]:
    row, where, repeats = _found(part, access)
    keys = [key_of(row, s).label(f"key_{i}") for i, s in enumerate(shape.sort)]
    pk = row.table.c.pk
    chosen = select(pk, *keys).select_from(row.table).where(*where)
    if repeats:
        chosen = chosen.distinct()
    if shape.after is not None:
        chosen = chosen.where(_after(shape, keys, pk))
    return chosen.order_by(*_order(shape, keys, pk)).limit(bindparam("limit"))


@lru_cache(maxsize=SHAPES_KEPT)
def compile_total(shape: Shape, access: Access = EVERYTHING) -> Prepared:
    """How many there are on all pages."""
    among = shape.among or ((shape.rtype, shape.criteria),)
    counts = [_count(_Part(t, c, best_start(t, c), f"d{i}"), access) for i, (t, c) in enumerate(among)]
    if len(counts) == 1:
        return prepare(counts[0])
    together = union_all(*counts).subquery("counts")
    return prepare(select(func.sum(together.c.number)))


def _count(part: _Part, access: Access) -> Select[Any]:
    row, where, repeats = _found(part, access)
    chosen = select(row.table.c.pk).select_from(row.table).where(*where)
    found = (chosen.distinct() if repeats else chosen).subquery(f"{part.name}f")
    return select(func.count().label("number")).select_from(found)


@lru_cache(maxsize=SHAPES_KEPT)
def compile_estimate(rtype: str, start: ConditionShape, most: int, access: Access = EVERYTHING) -> Prepared:
    """How many a condition finds by itself, counted up to one more than `most`."""
    few = pks(rtype, start, access).limit(literal(most + 1)).subquery("few")
    return prepare(select(func.count()).select_from(few))


def _order(shape: Shape, keys: Iterable[Any], pk: Expression) -> list[Any]:
    """Missing values last in both directions; what is the same, newest made first."""
    if shape.sort == (NEWEST_FIRST,):
        return [*(key.desc() for key in keys), pk.desc()]
    return [*(_by(sort, key) for sort, key in zip(shape.sort, keys, strict=True)), pk.desc()]


def _by(sort: Sort, key: Any) -> Any:
    """What is never missing is said not to be: an index then has it in order."""
    ordered = key.desc() if sort.descending else key.asc()
    return ordered if sort.parameter in PLACES else ordered.nulls_last()


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
