"""Who is calling: one frozen value, made at the edge and passed down (decision 32)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """In `dev` from the headers `X-Knutepunkt-Role`, `-Organization` and `-Purpose`; later from a verified token.

    `role` None: a developer, who passes every "By" column of the workflow but no guard.
    """

    tenant: str = "default"
    organization: str | None = None
    """`Organization/[id]`."""
    role: str | None = None
    """`ke`, `coordinator`, `unit-leader`, `notifier`, `service`, `person`, `administrator`."""
    person: str | None = None
    purpose: str | None = None
    """`import`: what is brought was made elsewhere (`knutepunkt import`)."""
    scopes: frozenset[str] = frozenset()


SERVICE = Principal(role="service-itself")
"""This service, for side effects (Provenance.agent = Device)."""
DEVELOPER = Principal()
