"""`knutepunkt import`: files through the running service's own REST API (decision 40).

`sources` finds what there is and in which order it goes, `wanted` says what is asked of the service for each resource,
`ledger` remembers what was answered, `delivery` sends, `second_plan` keeps what would be a second plan, and `course`
is the whole way.
"""

from fhir_service.cli.importing.course import Course, Options

__all__ = ["Course", "Options"]
