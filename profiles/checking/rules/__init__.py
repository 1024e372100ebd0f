"""The invariants of FHIR R4 as functions, by the path of the element that each is judged on.

Written by hand from the FHIRPath of the definitions: an engine for it would cost more than all other checks together.
What is not here is listed with its reason in `tests/unit/profiles/test_rules.py`.
"""

from collections.abc import Mapping

from profiles.checking.rules.administrative import ADMINISTRATIVE
from profiles.checking.rules.bundles import BUNDLES
from profiles.checking.rules.clinical import CLINICAL
from profiles.checking.rules.datatypes import DATATYPES
from profiles.checking.rules.looking import Rule

__all__ = ["RULES", "Rule"]

RULES: Mapping[str, Mapping[str, Rule]] = {**DATATYPES, **ADMINISTRATIVE, **CLINICAL, **BUNDLES}
"""Path (`Timing.repeat`) -> key -> whether the rule holds."""
