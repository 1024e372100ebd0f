"""Who is calling, in dev: the headers `X-Knutepunkt-Role`, `-Organization` and `-Purpose` (decision 32)."""

import re
from collections.abc import Mapping
from functools import lru_cache

from fhir_service.principal import DEVELOPER, Principal
from profiles.issues import Issue, error

ROLE = b"x-knutepunkt-role"
ORGANIZATION = b"x-knutepunkt-organization"
PURPOSE = b"x-knutepunkt-purpose"
PURPOSES = ("import",)
ROLES = ("ke", "coordinator", "unit-leader", "notifier", "service", "person", "administrator")
_ORGANIZATION = re.compile(rb"Organization/[A-Za-z0-9\-.]{1,64}")


def principal_of(headers: Mapping[bytes, bytes]) -> Principal | Issue:
    """The caller that the headers name; a developer when they name none."""
    if ROLE not in headers and ORGANIZATION not in headers and PURPOSE not in headers:
        return DEVELOPER
    return _named(headers.get(ROLE), headers.get(ORGANIZATION), headers.get(PURPOSE))


@lru_cache(maxsize=256)
def _named(role: bytes | None, organization: bytes | None, purpose: bytes | None) -> Principal | Issue:
    if role is not None and role.decode("latin-1") not in ROLES:
        return error("bad-request", "X-Knutepunkt-Role", f"The roles are {', '.join(ROLES)}")
    if organization is not None and not _ORGANIZATION.fullmatch(organization):
        return error("bad-request", "X-Knutepunkt-Organization", "Expected Organization/[id]")
    if purpose is not None and purpose.decode("latin-1") not in PURPOSES:
        return error("bad-request", "X-Knutepunkt-Purpose", f"The purposes are {', '.join(PURPOSES)}")
    return Principal(
        role=None if role is None else role.decode("ascii"),
        organization=None if organization is None else organization.decode("ascii"),
        purpose=None if purpose is None else purpose.decode("ascii"),
    )
