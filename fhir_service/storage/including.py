"""What comes along with the matches: `_include` and `_revinclude`.  https://hl7.org/fhir/R4/search.html#include

One round is one statement in each direction; with `:iterate` another round starts at what the one before brought.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import FromClause, Select, bindparam, literal, not_, select, union
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.search.parameters import referring
from fhir_service.search.query import Include, ParameterType
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import measured_columns
from fhir_service.storage.conditions import references
from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.homes import entering, place_of
from fhir_service.storage.matching import Expression
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.tables import REF, RESOURCE, TYPED, parameter_id

SHAPES_KEPT = 512
EVERY = "*"
Among: TypeAlias = Callable[[Any], Expression]
"""Whether a pk is one of those to start at."""


@lru_cache(maxsize=SHAPES_KEPT)
def compile_forward(includes: tuple[Include, ...], access: Access = EVERYTHING) -> Prepared:
    """What those with the bound `pks` refer to: measured columns and pk; no pk of `seen`, `limit` at most."""
    resource = entering(RESOURCE, "r", access)
    joined = referred_to(resource, includes, access, lambda pk: any_of(pk, "pks"))
    return _brought(resource, joined)


def referred_to(resource: NamedFromClause, includes: tuple[Include, ...], access: Access, among: Among) -> FromClause:
    """`resource` joined with what includes name: each that those refer to whose pk is `among` them, once."""
    several = [one for n, include in enumerate(includes) for one in _named(include, f"s{n}", access, among)]
    named = (union(*several) if len(several) > 1 else several[0].distinct()).subquery("named")
    return named.join(resource, (resource.c.rtype == named.c.rtype) & (resource.c.rid == named.c.target))


def _named(include: Include, name: str, access: Access, among: Among) -> list[Select[Any]]:
    """(rtype, target) of what an include names."""
    if include.parameter == EVERY:
        places = [_every_reference(name, access), *_typed_references(include.source, name, access)]
    else:
        source, rid, kind, own = references(include.source, include.parameter, name, access)
        places = [(source, rid, kind, own)]
    return [
        select(kind.label("rtype"), rid.label("target")).where(among(source.c.pk), *own, *_kind(kind, include))
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
) -> tuple[Prepared, Mapping[str, list[int]]] | None:
    """Who refers to those of `rtypes` with the ids bound as `rids_<type>`; rows as of `compile_forward`.

    With it the numbers of the parameters to bind. None: nobody can.
    """
    several: list[Select[Any]] = []
    params: dict[str, list[int]] = {}
    for rtype in rtypes:
        named = dict.fromkeys(one for include in includes for one in _referring(include, rtype))
        generic = [(source, code) for source, code in named if place_of(source, code) != "typed"]
        if generic:
            params[f"params_{rtype}"] = sorted(parameter_id(*one) for one in generic)
            several.append(_by_rows(rtype, access))
        several += [_by_column(source, code, rtype, access) for source, code in named if (source, code) not in generic]
    if not several:
        return None
    found = (union(*several) if len(several) > 1 else several[0].distinct()).subquery("named")
    resource = entering(RESOURCE, "r", access)
    return _brought(resource, found.join(resource, resource.c.pk == found.c.pk)), params


def _referring(include: Include, rtype: str) -> list[tuple[str, str]]:
    """(source, parameter) by which an include finds who refers to a resource of `rtype`."""
    if include.target not in (None, rtype):
        return []
    codes = referring(include.source, rtype) if include.parameter == EVERY else (include.parameter,)
    return [(include.source, code) for code in codes]


def _by_rows(rtype: str, access: Access) -> Select[Any]:
    table = entering(REF, f"s{rtype}", access)
    named = (any_of(table.c.param, f"params_{rtype}"), any_of(table.c.target, f"rids_{rtype}"))
    return select(table.c.pk).where(*named, filter_only(table.c.rtype) == literal(rtype))


def _by_column(source: str, code: str, rtype: str, access: Access) -> Select[Any]:
    name = f"s{source}{code.replace('-', '')}{rtype}"
    table, rid, kind, _ = references(source, code, name, access, by_target=True)
    return select(table.c.pk).where(any_of(rid, f"rids_{rtype}"), filter_only(kind) == literal(rtype))


def _brought(resource: NamedFromClause, joined: FromClause) -> Prepared:
    return prepare(
        select(*measured_columns(resource), resource.c.pk)
        .select_from(joined)
        .where(filter_only(resource.c.deleted) == literal(0), not_(any_of(filter_only(resource.c.pk), "seen")))
        .order_by(resource.c.pk.asc())
        .limit(bindparam("limit"))
    )
