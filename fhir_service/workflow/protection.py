"""A protected person's address stays out, whoever sends it (hl7v2-mapping.md 9 PD1-12, workflow.md 4.10).

Once the label is on the Patient, it is not for a message to take it off: a sender that says nothing about protection,
or does not know of it, must not bring the address back. What a client has stored by REST meanwhile is left alone.
"""

from profiles import names
from profiles.resource import Resource

LABELS = frozenset({"R", "V"})
HIDDEN = {"Patient": ("address", "telecom"), "RelatedPerson": ("address",)}
"""What a message may not store, by type; the address of a Patient.contact beside it."""


def is_protected(patient: Resource) -> bool:
    """Whether the Patient carries the security label of a protected address."""
    security = (patient.get("meta") or {}).get("security", ())
    return any(label.get("system") == names.V3_CONFIDENTIALITY and label.get("code") in LABELS for label in security)


def shielded(after: Resource, before: Resource | None) -> Resource:
    """`after`, a protected Patient or somebody near, with no address but what `before` (protected, too) holds."""
    hidden = HIDDEN.get(after["resourceType"], ())
    kept = {name: before[name] for name in hidden if before and name in before}
    shown = {k: v for k, v in after.items() if k not in hidden} | kept
    if "contact" in after:
        told_before = (before or {}).get("contact", ())
        shown["contact"] = [one if one in told_before else _without_address(one) for one in after["contact"]]
    return shown


def _without_address(contact: Resource) -> Resource:
    return {k: v for k, v in contact.items() if k != "address"}
