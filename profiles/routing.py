"""Who is the koordinerende enhet: routing as data (domain.md 7).

`municipalities.json` holds the municipalities with their numbers of now and before; a configuration may add inboxes
with conditions. A referral is never without an inbox: named organisation, else the person's municipality, else the
default inbox.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("routing_data")


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where a referral ends: an Organization (owner of the case) and its HealthcareService."""

    organization_id: str
    service_id: str
    name: str
    municipality: str | None = None
    """Number of the municipality; None for the default inbox."""
    organization_number: str | None = None
    part_of: str | None = None
    """Organization id of the municipality's KE, for a district office."""
    districts: tuple[str, ...] = ()
    """Urban districts (bydelsnummer or name, lower case) that it serves; empty: all."""
    ages: tuple[int, int] | None = None
    """[from, to) in years on the day of receipt; None: all."""


@dataclass(frozen=True, slots=True)
class Routes:
    """All inboxes. The first that fits is the answer."""

    inboxes: tuple[Inbox, ...]
    default: Inbox
    successors: Mapping[str, str] = field(default_factory=dict)
    """Old municipality number -> the number of now."""

    def current(self, number: str) -> str:
        """The number that a municipality has today."""
        return self.successors.get(number, number)

    def of_organization(self, token: str | None) -> Inbox | None:
        """The inbox of an organisation named by its organisation number or Organization id."""
        if not token:
            return None
        return next((i for i in self.inboxes if token in (i.organization_number, i.organization_id)), None)

    def of_municipality(self, number: str | None, district: str | None = None, age: int | None = None) -> Inbox | None:
        """The inbox for somebody who stays there; the district's and age band's own if there is one."""
        if not number:
            return None
        now = self.current(number)
        fitting = [i for i in self.inboxes if i.municipality == now and _serves(i, district, age)]
        return max(fitting, key=lambda i: (bool(i.districts), i.ages is not None), default=None)


def _serves(inbox: Inbox, district: str | None, age: int | None) -> bool:
    if inbox.districts and (district or "").casefold() not in inbox.districts:
        return False
    return inbox.ages is None or (age is not None and inbox.ages[0] <= age < inbox.ages[1])


@cache
def national() -> Routes:
    """The routes that every installation starts with."""
    return read_routes(json.loads((DATA / "municipalities.json").read_text(encoding="utf-8")))


def read_routes(data: Mapping[str, Any]) -> Routes:
    """Routes from their JSON form: `{"default": inbox, "inboxes": [inbox], "successors": {old: new}}`."""
    return Routes(
        inboxes=tuple(_inboxes(data["inboxes"])),
        default=next(_inboxes([data["default"]])),
        successors=dict(data.get("successors", {})),
    )


def with_more(routes: Routes, data: Mapping[str, Any]) -> Routes:
    """`routes` with the inboxes and successors of a configuration added; its `default`, if any, wins."""
    default = next(_inboxes([data["default"]])) if "default" in data else routes.default
    successors = {**routes.successors, **data.get("successors", {})}
    return Routes((*routes.inboxes, *_inboxes(data.get("inboxes", ()))), default, successors)


def _inboxes(rows: Iterable[Mapping[str, Any]]) -> Iterator[Inbox]:
    for row in rows:
        ages = row.get("ages")
        yield Inbox(
            organization_id=row["organization"],
            service_id=row["service"],
            name=row["name"],
            municipality=row.get("municipality"),
            organization_number=row.get("organization_number"),
            part_of=row.get("part_of"),
            districts=tuple(d.casefold() for d in row.get("districts", ())),
            ages=(ages[0], ages[1]) if ages else None,
        )
