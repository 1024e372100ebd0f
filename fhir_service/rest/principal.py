"""Who is calling, in dev: the headers `X-Knutepunkt-Role`, `-Organization`, `-Person`, `-Purpose` and `-Reason`.

Decision 32; workflow.md 4.7 for emergency access.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from fhir_service.principal import DEVELOPER, EMERGENCY, Principal
from fhir_service.rest.exchange import Face, Request
from fhir_service.rules.import_marked import IMPORT
from fhir_service.storage.access import access_of
from fhir_service.storage.reading import by_identifiers
from profiles import names
from profiles.issues import Issue, error

ROLE = b"x-knutepunkt-role"
ORGANIZATION = b"x-knutepunkt-organization"
PERSON = b"x-knutepunkt-person"
PURPOSE = b"x-knutepunkt-purpose"
REASON = b"x-knutepunkt-reason"
NAMING = frozenset({ROLE, ORGANIZATION, PERSON, PURPOSE, REASON})
PURPOSES = (IMPORT, EMERGENCY)
IMPORTERS = (None, "administrator")
"""Roles whose imports pass guards of the workflow; None: a developer."""
ROLES = ("ke", "coordinator", "unit-leader", "notifier", "service", "person", "administrator")
LONGEST_REASON = 1000
_ORGANIZATION = re.compile(rb"Organization/[A-Za-z0-9\-.]{1,64}|[0-9]{9}")
_EXPECTED = "Expected Organization/[id], or the organisation number of an Organization that is registered here"
_PERSON = re.compile(rb"(Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")


def principal_of(headers: Mapping[bytes, bytes]) -> Principal | Issue:
    """The caller that the headers name; a developer when they name none."""
    if NAMING.isdisjoint(headers):
        return DEVELOPER
    by = _named(headers.get(ROLE), headers.get(ORGANIZATION), headers.get(PERSON), headers.get(PURPOSE))
    if isinstance(by, Issue):
        return by
    reason = headers.get(REASON, b"").decode("utf-8", "replace").strip()
    if not reason and by.purpose == EMERGENCY:
        return error("bad-request", "X-Knutepunkt-Reason", "Emergency access needs a reason")
    if len(reason) > LONGEST_REASON:
        return error("bad-request", "X-Knutepunkt-Reason", f"A reason has at most {LONGEST_REASON} characters")
    return replace(by, reason=reason) if reason else by


@lru_cache(maxsize=256)
def _named(
    role: bytes | None, organization: bytes | None, person: bytes | None, purpose: bytes | None
) -> Principal | Issue:
    if role is not None and role.decode("latin-1") not in ROLES:
        return error("bad-request", "X-Knutepunkt-Role", f"The roles are {', '.join(ROLES)}")
    if organization is not None and not _ORGANIZATION.fullmatch(organization):
        return error("bad-request", "X-Knutepunkt-Organization", _EXPECTED)
    if person is not None and not _PERSON.fullmatch(person):
        return error("bad-request", "X-Knutepunkt-Person", "Expected Patient/[id] or RelatedPerson/[id]")
    if purpose is not None and purpose.decode("latin-1") not in PURPOSES:
        return error("bad-request", "X-Knutepunkt-Purpose", f"The purposes are {', '.join(PURPOSES)}")
    by = Principal(
        role=None if role is None else role.decode("ascii"),
        organization=None if organization is None else organization.decode("ascii"),
        person=None if person is None else person.decode("ascii"),
        purpose=None if purpose is None else purpose.decode("ascii"),
    )
    if by.purpose == IMPORT and by.acts_as not in IMPORTERS:
        return error("forbidden", "X-Knutepunkt-Purpose", "Nobody but an administrator imports")
    return by


async def organization_of_number(face: Face, request: Request) -> Issue | None:
    """Let who calls by an organisation number call by the Organization that has it; or that none has."""
    number = request.by.organization or ""
    asked = ("Organization", (names.ENH, number))
    found = await face.repository.ask(lambda: by_identifiers(frozenset({asked})), short=True)
    there = sorted((row.at, row.rid) for row in found.get(asked, ()) if not row.deleted)
    if not there:
        return error("bad-request", "X-Knutepunkt-Organization", _EXPECTED)
    named = f"Organization/{there[0][1]}"
    request.headers[ORGANIZATION] = named.encode()  # entries of a Bundle are asked by the same caller
    request.by = replace(request.by, organization=named)
    request.access = access_of(request.by, face.clock())
    return None
