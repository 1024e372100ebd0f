"""Who sees what, as pure functions over values (workflow.md 4.7 and 7.5; ADR 0022).

`labels` says what a resource and its elements carry, `grants` what opens which label to whom, and `storage.access`
brings the two together in every query.
"""

from fhir_service.sight import WHOLE, Grant, Sight

__all__ = ["WHOLE", "Grant", "Sight"]
