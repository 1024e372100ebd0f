"""Which profiles, tags and security labels are in use, read from the index rows; for both back-ends (`steps`)."""

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import bindparam, select

from fhir_service.storage.access import Access
from fhir_service.storage.constructs import any_of
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import REF, TOK, parameter_id

MOST = 1000
"""Labels of a kind that are told."""


def labels(rtypes: Iterable[str], parameter: str, access: Access) -> Steps[tuple[tuple[str, str], ...]]:
    """(system, code) of what resources of these types have as `_tag` or `_security`, as far as they may be seen."""
    rows = yield _tokens(access), {"params": _numbers(rtypes, parameter), "limit": MOST, **access.bound}
    return tuple((system, code) for system, code in rows)


def profiles(rtypes: Iterable[str], access: Access) -> Steps[tuple[str, ...]]:
    """The profiles that resources of these types claim, as far as they may be seen."""
    rows = yield _targets(access), {"params": _numbers(rtypes, "_profile"), "limit": MOST, **access.bound}
    return tuple(row[0] for row in rows)


def _numbers(rtypes: Iterable[str], parameter: str) -> list[int]:
    return sorted(parameter_id(rtype, parameter) for rtype in rtypes)


@lru_cache(maxsize=64)
def _tokens(access: Access) -> Prepared:
    found = select(TOK.c.system, TOK.c.code).where(any_of(TOK.c.param, "params"), access.of(TOK)).distinct()
    return prepare(found.order_by(TOK.c.system, TOK.c.code).limit(bindparam("limit")))


@lru_cache(maxsize=64)
def _targets(access: Access) -> Prepared:
    found = select(REF.c.target).where(any_of(REF.c.param, "params"), access.of(REF)).distinct()
    return prepare(found.order_by(REF.c.target).limit(bindparam("limit")))
