"""`_list=7`: what is on a List.  https://hl7.org/fhir/R4/search.html#list"""

from fhir_service.search.criteria import BACKSLASH, MAX_VALUES, Outcome, bad_value
from fhir_service.search.escapes import is_well_formed, split
from fhir_service.search.query import Criterion, Has, ParameterType, TokenValue
from fhir_service.search.references import is_id

LIST = "List"
EXPECTED = "the id of a List; lists that work themselves out ($current-problems and the like) are not served here"


def read(at: str, value: str, _: str) -> Outcome:
    """The ids of Lists, alternatives; `List/7` is as good as `7`."""
    if not is_well_formed(value):
        return Outcome(issues=(bad_value(at, BACKSLASH),))
    ids = [text.removeprefix(LIST + "/") for text in split(value, ",")]
    if len(ids) > MAX_VALUES:
        return Outcome(issues=(bad_value(at, f"at most {MAX_VALUES} values"),))
    if not all(map(is_id, ids)):
        return Outcome(issues=(bad_value(at, EXPECTED),))
    values = tuple(TokenValue(None, rid) for rid in ids)
    return Outcome(Has(LIST, "item", Criterion("_id", ParameterType.TOKEN, values)))
