"""Search: query string -> SearchQuery, resource -> index rows. Pure (architecture.md 1.5)."""

from fhir_service.search.dates import interval, microseconds
from fhir_service.search.escapes import escape
from fhir_service.search.extract import extract
from fhir_service.search.parameters import (
    Parameter,
    includes,
    parameters,
    patient_parameter,
    revincludes,
    types_of_patients,
)
from fhir_service.search.parsing import Parsed, parse
from fhir_service.search.patients import patient_of

__all__ = [
    "Parameter",
    "Parsed",
    "escape",
    "extract",
    "includes",
    "interval",
    "microseconds",
    "parameters",
    "parse",
    "patient_of",
    "patient_parameter",
    "revincludes",
    "types_of_patients",
]
