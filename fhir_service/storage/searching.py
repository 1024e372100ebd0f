"""A search from the query to the page, written once for both back-ends (`steps`)."""

from fhir_service.search.query import SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.compiler import compile_includes, compile_search
from fhir_service.storage.pages import page_of, pks_of
from fhir_service.storage.port import Page
from fhir_service.storage.shape import includes_of, shape_of
from fhir_service.storage.steps import Rows, Steps


def found(query: SearchQuery, access: Access = EVERYTHING) -> Steps[Page]:
    """One page. Its statements have to see one state of the database, if there are several."""
    shape, bound = shape_of(query)
    compiled = compile_search(shape)
    rows: Rows = (yield compiled.page, bound) if query.count else ()
    includes = includes_of(query)
    pks = pks_of(query, rows) if includes else []
    included: Rows = (yield compile_includes(query.rtype, includes), {"pks": pks}) if pks else ()
    total = (yield compiled.total, bound)[0][0] if query.total else None
    return page_of(query, rows, included, total)
