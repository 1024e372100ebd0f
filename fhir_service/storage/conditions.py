"""Conditions of every kind as SQL, from either end.

`holds(row, condition)` asks it of one row: for what only filters, by probes into the tables of other resources.
`pks(rtype, condition, access)` lists the resources for which it holds, beginning at what it names: of a chain the
resource at its far end, then who refers to that. A search starts there when few are expected (`starts`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Exists, and_, exists, false, literal, or_, select, union
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search.query import ParameterType
from fhir_service.storage.access import Access
from fhir_service.storage.constructs import filter_only, has_words
from fhir_service.storage.homes import Row, asks, entering, number_of, of_type, place_of
from fhir_service.storage.matching import Expression
from fhir_service.storage.shape import AnyShape, ChainShape, ConditionShape, CriterionShape, HasShape, WordsShape
from fhir_service.storage.tables import FULLTEXT, REF, RESOURCE, SIDE, TYPED, column_names

Pks: TypeAlias = Any
"""A SELECT of pk, or a UNION of some."""


def holds(row: Row, condition: ConditionShape) -> Expression:
    """That the condition holds for the resource of a row."""
    return _HOLDS[type(condition)](row, condition)


def pks(rtype: str, condition: ConditionShape, access: Access) -> Pks:
    """The pk of the resources of a type for which the condition holds."""
    return _PKS[type(condition)](rtype, condition, access)


def started(
    rtype: str, condition: ConditionShape | None, access: Access, name: str = "d", *, by_id: bool = False
) -> tuple[Row, bool]:
    """The row that a search starts at, and whether one resource may have several.

    A criterion starts at its own table, newest first where the index has it so; another condition at the resources it
    lists; none at everything of the type, newest first or `by_id`.
    """
    typed = TYPED.get(rtype)
    place = place_of(rtype, condition.parameter) if isinstance(condition, CriterionShape) else ""
    if isinstance(condition, CriterionShape) and place == "side":
        once = condition.forms == ("of-one",)
        return Row(entering(SIDE[condition.type], name, access), rtype, access, start=condition), not once
    if isinstance(condition, WordsShape):
        return Row(entering(FULLTEXT, name, access), rtype, access, start=condition), False
    if place == "id" or typed is None or (by_id and condition is None):
        return Row(entering(RESOURCE, name, access), rtype, access, start=condition), False
    return Row(entering(typed.table, name, access), rtype, access, typed=True, start=condition), False


def own_conditions(row: Row) -> list[Expression]:
    """What makes the rows of a start those of the type; index tables hold nothing else."""
    if "rtype" not in row.table.c or "deleted" not in row.table.c:
        return []
    if row.start is not None and not isinstance(row.start, CriterionShape):
        return [of_type(row.table, row.rtype)]
    return [row.table.c.rtype == literal(row.rtype), row.table.c.deleted == _NOT]


def begins(row: Row) -> list[Expression]:
    """What the condition that a row was chosen for asks of it."""
    if row.start is None:
        return []
    if isinstance(row.start, CriterionShape):
        return [asks(row, row.start)]
    if isinstance(row.start, WordsShape):
        return [
            *_words_of_type(row.table, row.rtype),
            has_words(row.table.c.pk, row.table.c[row.start.column], row.start.name),
        ]
    if row.typed and isinstance(row.start, ChainShape) and _is_own_column(row.rtype, row.start):
        rid, kind = (row.table.c[c] for c in column_names(row.start.parameter, ParameterType.REFERENCE))
        return _named_by(row.start, 0, rid, kind, row.access)
    return [row.table.c.pk.in_(pks(row.rtype, row.start, row.access))]


def _is_own_column(rtype: str, chain: ChainShape) -> bool:
    """Whether a chain sets out from one column of the narrow table: its rows are then found by that column itself."""
    return len(chain.links) == 1 and place_of(rtype, chain.parameter) == "typed"


# One row


def _chain_holds(row: Row, chain: ChainShape) -> Expression:
    return or_(false(), *[_link_holds(row, chain, n) for n in range(len(chain.links))])


def _link_holds(row: Row, chain: ChainShape, n: int) -> Expression:
    rtype, condition = chain.links[n]
    name = f"{chain.name}l{n}"
    target = entering(RESOURCE, f"{name}t", row.access)
    there = Row(target, rtype, row.access)
    if row.typed and place_of(row.rtype, chain.parameter) == "typed":
        own_rid, own_kind = (row.table.c[c] for c in column_names(chain.parameter, ParameterType.REFERENCE))
        where = and_(target.c.rtype == literal(rtype), target.c.rid == own_rid, filter_only(own_kind) == literal(rtype))
        return exists().select_from(target).where(where, _living(target), holds(there, condition))
    source, rid, kind, own = references(row.rtype, chain.parameter, f"{name}s", row.access)
    named = and_(source.c.pk == row.table.c.pk, *own, filter_only(kind) == literal(rtype))
    joined = source.join(target, and_(target.c.rtype == literal(rtype), target.c.rid == rid, _living(target)))
    return exists().select_from(joined).where(named, holds(there, condition))


def _has_holds(row: Row, has: HasShape) -> Expression:
    if "rid" in row.table.c:
        return _referred(row, has, row.table.c.rid)
    resource, there = row.beside(RESOURCE, f"{has.name}t")
    return there.where(_referred(row, has, resource.c.rid))


def _referred(row: Row, has: HasShape, rid: Expression) -> Exists:
    source, target, kind, own = references(has.rtype, has.parameter, f"{has.name}s", row.access, by_target=True)
    there = Row(source, has.rtype, row.access, typed=place_of(has.rtype, has.parameter) == "typed")
    named = and_(target == rid, *own, filter_only(kind) == literal(row.rtype))
    return exists().select_from(source).where(named, holds(there, has.condition))


def _any_holds(row: Row, alternatives: AnyShape) -> Expression:
    return or_(false(), *[holds(row, one) for one in alternatives.conditions])


def _words_hold(row: Row, words: WordsShape) -> Expression:
    texts, there = row.beside(FULLTEXT, words.name)
    return there.where(has_words(filter_only(texts.c.pk), texts.c[words.column], words.name))


_HOLDS: Mapping[type[ConditionShape], Callable[[Row, Any], Expression]] = {
    CriterionShape: asks,
    ChainShape: _chain_holds,
    HasShape: _has_holds,
    AnyShape: _any_holds,
    WordsShape: _words_hold,
}


# All of a type


def _start_pks(rtype: str, condition: CriterionShape | WordsShape, access: Access) -> Pks:
    row, _ = started(rtype, condition, access, f"{condition.name}d")
    return select(row.table.c.pk).where(*own_conditions(row), *begins(row))


def _chain_pks(rtype: str, chain: ChainShape, access: Access) -> Pks:
    return _together(_link_pks(rtype, chain, n, access) for n in range(len(chain.links)))


def _link_pks(rtype: str, chain: ChainShape, n: int, access: Access) -> Pks:
    source, rid, kind, own = references(rtype, chain.parameter, f"{chain.name}l{n}s", access, by_target=True)
    return select(source.c.pk).where(*own, *_named_by(chain, n, rid, kind, access))


def _named_by(chain: ChainShape, n: int, rid: Expression, kind: Expression, access: Access) -> list[Expression]:
    """That a reference of (`rid`, `kind`) names one of what the link leads to."""
    to, condition = chain.links[n]
    target = entering(RESOURCE, f"{chain.name}l{n}t", access)
    rids = select(target.c.rid).where(target.c.pk.in_(_listed(to, condition, access)), of_type(target, to))
    return [rid.in_(rids), filter_only(kind) == literal(to)]


def _listed(rtype: str, condition: ConditionShape, access: Access) -> Pks:
    """The same as `pks`; where that leads further it stands beside the statement, found before the rest is.

    SQLite reads no statement of more than 100 levels; PostgreSQL would look for the best order of all steps at once.
    """
    found = pks(rtype, condition, access)
    if not isinstance(condition, ChainShape | HasShape):
        return found
    beside = found.cte(f"{condition.name}p").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(beside.c.pk)


def _has_pks(rtype: str, has: HasShape, access: Access) -> Pks:
    source, rid, kind, own = references(has.rtype, has.parameter, f"{has.name}s", access)
    named = select(rid).where(source.c.pk.in_(_listed(has.rtype, has.condition, access)), *own)
    target = entering(RESOURCE, f"{has.name}t", access)
    wanted = named.where(filter_only(kind) == literal(rtype))
    return select(target.c.pk).where(
        target.c.rtype == literal(rtype), target.c.rid.in_(wanted), filter_only(target.c.deleted) == _NOT
    )


def _any_pks(rtype: str, alternatives: AnyShape, access: Access) -> Pks:
    return _together(pks(rtype, one, access) for one in alternatives.conditions)


def _together(several: Iterable[Pks]) -> Pks:
    selects = list(several)
    return union(*selects) if len(selects) > 1 else selects[0]


_PKS: Mapping[type[ConditionShape], Callable[[str, Any, Access], Pks]] = {
    CriterionShape: _start_pks,
    WordsShape: _start_pks,
    ChainShape: _chain_pks,
    HasShape: _has_pks,
    AnyShape: _any_pks,
}


# Parts

_NOT: Expression = literal(0)


def _living(resource: NamedFromClause) -> Expression:
    return filter_only(resource.c.deleted) == _NOT


def _words_of_type(texts: NamedFromClause, rtype: str) -> list[Expression]:
    return [filter_only(texts.c.rtype) == literal(rtype)]


def references(
    rtype: str, parameter: str, name: str, access: Access, *, by_target: bool = False
) -> tuple[NamedFromClause, Expression, Expression, list[Expression]]:
    """Where references of a parameter lie: the table, (id, type) of what they name, what makes rows the parameter's.

    `by_target`: they are to be found by the id; else by the pk of who refers.
    """
    if place_of(rtype, parameter) == "typed":
        table = entering(TYPED[rtype].table, name, access)
        rid, kind = (table.c[c] for c in column_names(parameter, ParameterType.REFERENCE))
        return table, rid, kind, []
    table = entering(REF, name, access)
    param = table.c.param if by_target else filter_only(table.c.param)
    return table, table.c.target, table.c.rtype, [param == number_of(rtype, parameter)]
