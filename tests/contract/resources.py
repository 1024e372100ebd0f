"""Small resources, as far as storage and search look at them."""

from typing import Any

from profiles import names
from profiles.resource import Resource


def resource(rtype: str, rid: str, **elements: Any) -> Resource:
    return {"resourceType": rtype, "id": rid, **elements}


def reference(to: str) -> Resource:
    return {"reference": to}


def coding(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def patient(rid: str, number: str | None = None, **elements: Any) -> Resource:
    identifiers = [{"system": names.FNR, "value": number}] if number else []
    return resource("Patient", rid, identifier=identifiers, **elements)


def plan(rid: str, of: str = "arne", status: str = "active", **elements: Any) -> Resource:
    """An individual plan: in force as draft, active or on hold."""
    category = [coding(names.PLAN_CATEGORY, "individuell-plan")]
    subject = reference(f"Patient/{of}")
    return resource("CarePlan", rid, status=status, intent="plan", category=category, subject=subject, **elements)


def task(rid: str, of: str = "arne", status: str = "requested", **elements: Any) -> Resource:
    return resource("Task", rid, status=status, intent="order", **{"for": reference(f"Patient/{of}")}, **elements)


def condition(rid: str, of: str = "arne", **elements: Any) -> Resource:
    """A type without a narrow table of its own."""
    return resource("Condition", rid, subject=reference(f"Patient/{of}"), **elements)
