"""Who refers to a resource: for referential integrity on delete."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, literal, select, union

from fhir_service.resources import resource_type
from fhir_service.search.query import ParameterType
from fhir_service.search.references import OTHER
from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import REF, RESOURCE, TYPED, column_names, parameter_id
from profiles.definitions import resource_types, search_parameters

STATEMENTS_KEPT = 256


def referrers(
    targets: Sequence[tuple[str, str]], limit: int, apart_from: frozenset[str] = frozenset()
) -> Steps[tuple[tuple[str, str], ...]]:
    """(type, id) of at most `limit` current resources that refer to one of the `targets`, in whatever element.

    Resources of the types `apart_from` do not count.
    """
    found: dict[tuple[str, str], None] = {}
    for named in sorted({rtype for rtype, _ in targets}):
        rids = [rid for rtype, rid in targets if rtype == named]
        values = {"rids": rids, "params": _params(named, apart_from), "limit": limit}
        rows = yield _statement(named, apart_from), values
        found.update(((row[0], row[1]), None) for row in rows)
    return tuple(found)[:limit]


@lru_cache(maxsize=STATEMENTS_KEPT)
def _params(named: str, apart_from: frozenset[str]) -> list[int]:
    """Numbers of all parameters, of all types but those, that may name a resource of this type."""
    return sorted(
        parameter_id(rtype, code)
        for rtype in resource_types() - apart_from
        for code in _reference_codes(rtype, named)
        if rtype not in TYPED or code not in TYPED[rtype].parameters
    )


def _reference_codes(rtype: str, named: str) -> Iterator[str]:
    for p in search_parameters(rtype).values():
        if p.type == "reference" and (named in p.targets or not p.targets):
            yield p.code
    for own in resource_type(rtype).parameters:
        if own.type == "reference":
            yield own.code
    yield OTHER


@lru_cache(maxsize=STATEMENTS_KEPT)
def _statement(named: str, apart_from: frozenset[str]) -> Prepared:
    """(rtype, rid) of who refers to the bound `rids`. Each place is left when it has given `limit`."""
    ref = REF.alias("s")
    places = [_pks(ref, ref.c.target, ref.c.rtype, named).where(any_of(ref.c.param, "params"))]
    places += [_pks(table, rid, kind, named) for table, rid, kind in _typed_places(apart_from)]
    each = [place.distinct().limit(bindparam("limit")).subquery(f"p{n}") for n, place in enumerate(places)]
    referring = union(*[select(one.c.pk) for one in each]).subquery("referring")
    chosen = select(RESOURCE.c.rtype, RESOURCE.c.rid).join_from(referring, RESOURCE, RESOURCE.c.pk == referring.c.pk)
    living = filter_only(RESOURCE.c.deleted) == literal(0)
    return prepare(chosen.where(living).order_by(RESOURCE.c.pk).limit(bindparam("limit")))


def _pks(table: FromClause, rid: ColumnElement[Any], kind: ColumnElement[Any], named: str) -> Select[Any]:
    return select(table.c.pk).where(any_of(rid, "rids"), filter_only(kind) == literal(named))


def _typed_places(apart_from: frozenset[str]) -> Iterator[tuple[FromClause, ColumnElement[Any], ColumnElement[Any]]]:
    for rtype, typed in TYPED.items():
        for parameter, ptype in typed.parameters.items():
            if ptype is ParameterType.REFERENCE and rtype not in apart_from:
                rid, kind = (typed.table.c[name] for name in column_names(parameter, ptype))
                yield typed.table, rid, kind
