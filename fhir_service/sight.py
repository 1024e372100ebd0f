"""What a caller may see of one person, as values that storage keeps and the access rules speak in (decision 34).

A row carries labels, a grant opens one of them: `shows` says what the condition of `storage.access` says in SQL.
"""

from collections.abc import Iterable

import msgspec

ALL = "*"
"""Opened by a grant: every label, and what has none (rules 1 and 2 of workflow.md 4.7)."""
BUT = "~"
"""`~x`, opened by a grant: all but what is marked `-x`."""
ALL_BUT_HIDDEN = "~representative"
FRAME = "frame"
"""The frame of the plan, the team, and who the person is: every member with an open membership."""
EXISTENCE = "existence"
"""That there is a plan, and nothing of it."""
COORDINATORS = "coordinators"
"""Who coordinates: the leader of the unit where they work."""
CASE = "case"
"""The handling of the case, as opposed to the content of the plan."""
LEADS = "leads"
"""Carried by nothing that is kept: opened to who runs the plan, whatever of it they see, and so may change it."""
IDENTITY = "identity"
"""Who the person is, and who is near them: whoever has a case of theirs."""
CASE_OF = "#"
"""`#Organization/x`: is about a case that x handles."""
OWN = "+"
"""`+Organization/x`: written by x. It takes an open membership of x."""
TO_DO = "^"
"""`^Organization/x`: to be done by somebody who works at x, so that the leader there knows of the deadline."""
PARTY = "@"
"""`@Organization/x`: x is a party to it in its own right. It takes no grant."""
HIDDEN = "-representative"
"""Marked `hidden-from-representative`."""
APART_FROM_KE = "-ke"
"""Stays with the municipality that had it, when the person has moved (P9)."""
APART_FROM_COORDINATOR = "-coordinator"
"""Is read by the koordinerende enhet and the person only, as the plan is over (P7)."""
IN_PARTS = "%"
"""Of a row that shows to some in part only: the words of the whole are not theirs."""
CLOSED = "closed"
"""About no person that is known, but no public description of a service either. Nothing opens it."""
NARROW_ROLES = frozenset({"notifier", "unit-leader"})
"""Roles that see what is granted to the role itself, never what is granted to their organization as a member."""


class Grant(msgspec.Struct, frozen=True, order=True):
    """`who` may see of the person, in the capacity of `role`, what carries the label `sector`, while it lasts.

    `who`: `Organization/[id]`, `Patient/[id]` or `RelatedPerson/[id]`. `role`: a role of `Principal`, or empty: whoever
    calls for them. `starts` and `ends`: microseconds since 1970 UTC, the end excluded.
    """

    person_id: str
    who: str
    role: str
    sector: str
    starts: int
    ends: int


class Granted(msgspec.Struct, frozen=True):
    """Everything of a person that is open to anybody; it takes the place of what was."""

    person_id: str
    grants: frozenset[Grant]


class Sight(msgspec.Struct, frozen=True):
    """What one caller sees of one person now: the labels that open grants give, and who the caller is."""

    everything: bool = False
    labels: frozenset[str] = frozenset()
    organization: str | None = None
    """`Organization/[id]`"""
    person: str | None = None
    """`Patient/[id]` or `RelatedPerson/[id]`"""

    def shows(self, labels: Iterable[str]) -> bool:
        """Whether what carries these labels is seen."""
        if self.everything or ALL in self.labels:
            return True
        carried = frozenset(labels)
        if not carried.isdisjoint(self.labels):
            return True
        for who in (self.organization, self.person):
            if who and PARTY + who in carried:
                return True
        for label in self.labels:  # noqa: SIM110 - asked of each part of a plan for each who may see it
            if label[:1] == BUT and f"-{label[1:]}" not in carried:
                return True
        return False


WHOLE = Sight(everything=True)
"""What a developer sees, and who is not narrowed."""
