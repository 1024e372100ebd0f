"""What comes along with the matches: `_include` and `_revinclude`.  https://hl7.org/fhir/R4/search.html#include

One round is one statement in each direction; with `:iterate` another round starts at what the one before brought.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, literal, not_, select, union
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search import parameters
from fhir_service.search.query import Include, ParameterType
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.conditions import references
from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.homes import entering
from fhir_service.storage.matching import Expression
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.statements import stored_columns
from fhir_service.storage.tables import REF, RESOURCE, TYPED

SHAPES_KEPT = 512
EVERY = "*"


@lru_cache(maxsize=SHAPES_KEPT)
def compile_forward(includes: tuple[Include, ...], access: Access = EVERYTHING) -> Prepared:
    """What those with the bound `pks` refer to: the columns of a Stored and pk; no pk of `seen`, `limit` at most."""
    several = [one for n, include in enumerate(includes) for one in _named(include, f"s{n}", access)]
    named = (union(*several) if len(several) > 1 else several[0].distinct()).subquery("named")
    resource = entering(RESOURCE, "r", access)
    same = (resource.c.rtype == named.c.rtype) & (resource.c.rid == named.c.target)
    return _brought(resource, select(*stored_columns(resource), resource.c.pk).select_from(named.join(resource, same)))


def _named(include: Include, name: str, access: Access) -> list[Select[Any]]:
    """(rtype, target) of what an include names."""
    if include.parameter == EVERY:
        places = [_every_reference(name, access), *_typed_references(include.source, name, access)]
    else:
        source, rid, kind, own = references(include.source, include.parameter, name, access)
        places = [(source, rid, kind, own)]
    return [
        select(kind.label("rtype"), rid.label("target")).where(any_of(source.c.pk, "pks"), *own, *_kind(kind, include))
        for source, rid, kind, own in places
    ]


def _kind(kind: Expression, include: Include) -> list[Expression]:
    return [] if include.target is None else [filter_only(kind) == literal(include.target)]


def _every_reference(name: str, access: Access) -> Any:
    table = entering(REF, name, access)
    return table, table.c.target, table.c.rtype, []


def _typed_references(source: str, name: str, access: Access) -> list[Any]:
    typed = TYPED.get(source)
    named = [p for p, kind in typed.parameters.items() if kind is ParameterType.REFERENCE] if typed else []
    return [references(source, parameter, f"{name}t{n}", access) for n, parameter in enumerate(named)]


@lru_cache(maxsize=SHAPES_KEPT)
def compile_reverse(
    includes: tuple[Include, ...], rtypes: tuple[str, ...], access: Access = EVERYTHING
) -> Prepared | None:
    """Who refers to those of `rtypes` with the ids bound as `rids_<type>`; rows as of `compile_forward`."""
    several = [
        one
        for n, include in enumerate(includes)
        for rtype in rtypes
        if include.target in (None, rtype)
        for one in _referring(include, rtype, f"s{n}{rtype}", access)
    ]
    if not several:
        return None
    named = (union(*several) if len(several) > 1 else several[0].distinct()).subquery("named")
    resource = entering(RESOURCE, "r", access)
    same = resource.c.pk == named.c.pk
    return _brought(resource, select(*stored_columns(resource), resource.c.pk).select_from(named.join(resource, same)))


def _referring(include: Include, rtype: str, name: str, access: Access) -> list[Select[Any]]:
    codes = reference_parameters(include.source, rtype) if include.parameter == EVERY else (include.parameter,)
    found = []
    for n, code in enumerate(codes):
        source, rid, kind, own = references(include.source, code, f"{name}{n}", access, by_target=True)
        found.append(select(source.c.pk).where(any_of(rid, f"rids_{rtype}"), filter_only(kind) == literal(rtype), *own))
    return found


def _brought(resource: NamedFromClause, chosen: Select[Any]) -> Prepared:
    return prepare(
        chosen.where(filter_only(resource.c.deleted) == literal(0), not_(any_of(filter_only(resource.c.pk), "seen")))
        .order_by(resource.c.pk.asc())
        .limit(bindparam("limit"))
    )


@lru_cache(maxsize=4096)
def reference_parameters(source: str, rtype: str) -> tuple[str, ...]:
    """The parameters by which resources of `source` may refer to one of `rtype`."""
    return tuple(p.code for p in parameters(source).values() if p.is_reference and rtype in p.targets)
