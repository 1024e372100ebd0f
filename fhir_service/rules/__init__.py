"""The law and the workflow as pure functions over values (workflow.md 3-4).

`judge` says what becomes of drafts; `merge` makes drafts of what a message says; a rule is one module with one
`RULE`. Nothing here reaches for a clock, a database or the network.
"""

from fhir_service.rules._acting import BY_NAME, HELD_BY, acting_for, performers_of
from fhir_service.rules._changes import Carried, Conflict, Difference, carried_over, differences
from fhir_service.rules._elements import code_in, codings, extension, reference, reference_to, references, several
from fhir_service.rules._feedback import NOT_DELIVERED, text_of
from fhir_service.rules._following import followed
from fhir_service.rules._ids import derived_id
from fhir_service.rules._judge import NOT_ALLOWED, judge, rules
from fhir_service.rules._kinds import INPATIENT, Kind, is_abort, kind_of
from fhir_service.rules._merge import Merged, merge
from fhir_service.rules._model import Change, Context, Dispatch, Draft, Effect, Judgement, Rule, Settings, Standing
from fhir_service.rules._people import municipality_of
from fhir_service.rules._permissions import may_make
from fhir_service.rules._private import agreements, is_private, private_providers
from fhir_service.rules._profiles import STAMPED, profile_of
from fhir_service.rules._routing import (
    home_inbox,
    inbox_of,
    is_municipal,
    organization_number,
    receivers_named,
    registered_inbox,
)
from fhir_service.rules._standing import STANDING_TYPES, concerns, named_in
from fhir_service.rules._tasks import CHILDREN
from fhir_service.rules._times import is_open

__all__ = [
    "BY_NAME",
    "CHILDREN",
    "HELD_BY",
    "INPATIENT",
    "NOT_ALLOWED",
    "NOT_DELIVERED",
    "STAMPED",
    "STANDING_TYPES",
    "Carried",
    "Change",
    "Conflict",
    "Context",
    "Difference",
    "Dispatch",
    "Draft",
    "Effect",
    "Judgement",
    "Kind",
    "Merged",
    "Rule",
    "Settings",
    "Standing",
    "acting_for",
    "agreements",
    "carried_over",
    "code_in",
    "codings",
    "concerns",
    "derived_id",
    "differences",
    "extension",
    "followed",
    "home_inbox",
    "inbox_of",
    "is_abort",
    "is_municipal",
    "is_open",
    "is_private",
    "judge",
    "kind_of",
    "may_make",
    "merge",
    "municipality_of",
    "named_in",
    "organization_number",
    "performers_of",
    "private_providers",
    "profile_of",
    "receivers_named",
    "reference",
    "reference_to",
    "references",
    "registered_inbox",
    "rules",
    "several",
    "text_of",
]
