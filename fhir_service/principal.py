"""Who is calling: one frozen value, made at the edge and passed down (decision 32)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """In `dev` from the headers `X-Knutepunkt-Role`, `-Organization`, `-Person`, `-Purpose` and `-Reason`; later from a
    verified token.

    `role` None: a developer, who passes every "By" column of the workflow but no guard. Without `organization` and
    `person` nothing is hidden from them (decision 32).
    """

    tenant: str = "default"
    organization: str | None = None
    """`Organization/[id]`; at the edge, until it is looked up, an organisation number, too."""
    role: str | None = None
    """`ke`, `coordinator`, `unit-leader`, `notifier`, `service`, `person`, `administrator`."""
    person: str | None = None
    """`Patient/[id]` or `RelatedPerson/[id]`: who calls for themselves, or for the person they represent."""
    purpose: str | None = None
    """`import`: what is brought was made elsewhere (`knutepunkt import`). `BTG`: emergency access, which needs a reason
    (workflow.md 4.7)."""
    reason: str | None = field(default=None, repr=False)
    """Why, in words of the caller's own: they are kept with the access, and never logged."""
    scopes: frozenset[str] = frozenset()

    @property
    def narrowed(self) -> bool:
        """Whether anything is hidden from them."""
        return self.organization is not None or self.person is not None

    @property
    def acts_as(self) -> str | None:
        """The role in which they write: who names only for whom they call has the least there is; None: a developer."""
        if self.role is not None or not self.narrowed:
            return self.role
        return "service" if self.organization is not None else "person"


EMERGENCY = "BTG"
"""Break the glass.  https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html"""
SERVICE = Principal(role="service-itself")
"""This service, for side effects (Provenance.agent = Device)."""
DEVELOPER = Principal()
