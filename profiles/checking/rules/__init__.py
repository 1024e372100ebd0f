"""The invariants of FHIR R4 as functions, by the path of the element that each is judged on.

Written by hand from the FHIRPath of the definitions: an engine for it would cost more than all other checks together.
What is not here is listed with its reason in `tests/unit/profiles/test_rules.py`.
"""

from collections.abc import Mapping

from profiles.checking.rules.administrative import ADMINISTRATIVE
from profiles.checking.rules.appointments import APPOINTMENTS
from profiles.checking.rules.bundles import BUNDLES
from profiles.checking.rules.clinical import CLINICAL
from profiles.checking.rules.conformance import CONFORMANCE
from profiles.checking.rules.datatypes import DATATYPES
from profiles.checking.rules.element_definitions import ELEMENT_DEFINITIONS
from profiles.checking.rules.looking import Rule
from profiles.checking.rules.measures import MEASURES
from profiles.checking.rules.naming import NAMING
from profiles.checking.rules.questionnaires import QUESTIONNAIRES
from profiles.checking.rules.structures import STRUCTURES
from profiles.checking.rules.terminologies import TERMINOLOGIES
from profiles.checking.rules.testing import TESTING

__all__ = ["RULES", "Rule"]

_GROUPS = (
    DATATYPES,
    ELEMENT_DEFINITIONS,
    ADMINISTRATIVE,
    APPOINTMENTS,
    CLINICAL,
    MEASURES,
    QUESTIONNAIRES,
    BUNDLES,
    TERMINOLOGIES,
    CONFORMANCE,
    STRUCTURES,
    TESTING,
    NAMING,
)


def _together() -> dict[str, Mapping[str, Rule]]:
    found: dict[str, dict[str, Rule]] = {}
    for group in _GROUPS:
        for path, rules in group.items():
            found.setdefault(path, {}).update(rules)
    return {**found}


RULES: Mapping[str, Mapping[str, Rule]] = _together()
"""Path (`Timing.repeat`) -> key -> whether the rule holds."""
