"""The labels that a resource or an element carries (workflow.md 4.7), and how they lie in the column `sector`.

`|frame|school|@Organization/x|`; the empty text: none, so that only rules 1 and 2 show it. The words: `sight`.
"""

import re
from collections.abc import Iterable, Mapping

from fhir_service.rules import several
from fhir_service.sight import HIDDEN
from profiles import names
from profiles.resource import Resource

HIDDEN_FROM_REPRESENTATIVE = "hidden-from-representative"
_WHO = re.compile(r"(Organization|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}", re.ASCII)
SECTORS = frozenset({
    "municipal-health", "trust", "nav", "school", "kindergarten", "ppt", "child-welfare", "gp", "private",
    "voluntary", "family", "dental", "family-counselling", "crisis-shelter", "work-enterprise", "adult-education"
})  # fmt: skip
"""domain.md 4.2. Any other code is no label: one that looks like a mark of ours would open what it should not."""


def column(labels: Iterable[str]) -> str:
    """Labels as the column holds them, in one order."""
    told = sorted(set(labels))
    return f"|{'|'.join(told)}|" if told else ""


def labels_in(column: str) -> frozenset[str]:
    """Labels as the column holds them, apart again."""
    return frozenset(filter(None, column.split("|")))


def marked(codings: Iterable[Resource]) -> frozenset[str]:
    """What codings of sectors and of our own labels say: of `meta.security`, or of the extensions `ip-sector`."""
    pairs = {(c.get("system"), c.get("code")) for c in codings}
    sectors = {str(code) for system, code in pairs if system == names.SECTOR and code in SECTORS}
    return frozenset(sectors | ({HIDDEN} if (names.LABEL, HIDDEN_FROM_REPRESENTATIVE) in pairs else set()))


def sectors_of(element: Resource) -> frozenset[str]:
    """The labels of an activity or a participant: its extensions `ip-sector`."""
    told = (e for e in several(element.get("extension")) if e.get("url") == names.IP_SECTOR)
    return marked(e["valueCoding"] for e in told if "valueCoding" in e)


def security_of(resource: Resource) -> frozenset[str]:
    """The labels in `meta.security`."""
    return marked(several(resource.get("meta", {}).get("security")))


def party_of(literal: str | None, stands_for: Mapping[str, str]) -> str | None:
    """Who a reference leads to: an organization, the person, who represents them. None for anybody else.

    `stands_for`: literal reference -> the organization behind it, of those who work somewhere.
    """
    found = stands_for.get(literal or "", literal)
    return found if found is not None and _WHO.fullmatch(found) else None
