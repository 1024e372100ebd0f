"""What a caller may see, as one condition on every table that a query touches (decision 34, ADR 0022).

Index rows, resources and versions carry person, tenant and sector, so the same condition fits each of them: what is
hidden neither shows nor matches, is not counted, and cannot be reached by a chain, `_has` or an include.

A row is shown to a party whom it names (`@Organization/x`), to whom a grant that is open now opens one of its labels,
and, where it is about no person and has no label at all, to everybody. To the person all rows are shown.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from fhir_service.principal import Principal
from fhir_service.sight import ALL, NARROW_ROLES, PARTY, WHOLE, Sight
from fhir_service.storage.instants import micros

if TYPE_CHECKING:  # whoever speaks about access need not load what speaks SQL
    from sqlalchemy import ColumnElement, FromClause


# A Struct: one is made for every request of somebody who is narrowed.
class Access(msgspec.Struct, frozen=True, eq=False):
    """`name` is the shape: accesses of one name have the same SQL and differ in what is `bound` only.

    `condition` takes a table or alias with `person_id`, `tenant_id` and `sector`; None: everything may be seen.
    Names of bound values begin with `access_`. `sight`: who looks; what is open to them with each person has to be
    asked for (`Repository.sights`), unless it is everything. `by_row`: the condition is one look-up for each row,
    whatever the values: it changes nothing about the way that a search goes. `opened` takes a table as well: what is
    open to the caller of the person of a row, as a text (`rows.opened_labels`); None: nothing that is to be asked for.
    """

    name: str
    condition: "Callable[[FromClause], ColumnElement[Any]] | None" = None
    bound: Mapping[str, Any] = msgspec.field(default_factory=dict)
    sight: Sight = WHOLE
    by_row: bool = False
    opened: "Callable[[FromClause], ColumnElement[Any]] | None" = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Access) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def of(self, table: "FromClause") -> "ColumnElement[Any]":
        """The condition on the rows of `table`."""
        from sqlalchemy import true

        return self.condition(table) if self.condition else true()

    def of_version(self, version: "FromClause") -> "ColumnElement[Any]":
        """The condition on versions: what they were labelled with shows, and so does what has become of them."""
        from sqlalchemy import and_, exists, true

        from fhir_service.storage.tables import RESOURCE

        if self.condition is None:
            return true()
        now = RESOURCE.alias("now")
        same = and_(now.c.rtype == version.c.rtype, now.c.rid == version.c.rid)
        return and_(self.condition(version), exists().select_from(now).where(same, self.condition(now)))


EVERYTHING = Access("everything")


def access_of(by: Principal, now: datetime) -> Access:
    """What this caller may see at `now`. Who is neither an organization nor a person is a developer: everything."""
    who = by.person or by.organization
    if who is None:
        return EVERYTHING
    if by.person is not None and by.person.startswith("Patient/"):
        return _to_person(by.person)
    usual = _by_grants(by.person, by.organization, by.role or "")
    return replace(usual, bound={**usual.bound, "access_now": micros(now)})


@lru_cache(maxsize=1024)
def _to_person(who: str) -> Access:
    bound = {"access_patient": who.removeprefix("Patient/"), "access_party": f"|{PARTY}{who}|"}
    return Access("person", _of_person, bound, Sight(person=who), by_row=True, opened=_opened_to_person)


@lru_cache(maxsize=1024)
def _by_grants(person: str | None, organization: str | None, role: str) -> Access:
    """At no time yet."""
    who = person or organization
    bound = {
        "access_who": who,
        "access_role": role,
        "access_any": role if role in NARROW_ROLES else "",
        "access_party": f"|{PARTY}{who}|",
    }
    sight = Sight(organization=organization, person=person)
    return Access("granted", _granted, bound, sight, by_row=True, opened=_opened_by_grants)


def in_emergency(by: Principal, person_id: str, now: datetime) -> Access:
    """The same, and everything of one person: for who states why (purpose BTG); the person is told."""
    usual = access_of(by, now)
    if usual.condition is None:
        return usual
    bound = {**usual.bound, "access_emergency": person_id}
    return Access(f"{usual.name} in emergency", _or_of_one(usual), bound, usual.sight, by_row=True)


def _or_of_one(usual: Access) -> "Callable[[FromClause], ColumnElement[Any]]":
    from sqlalchemy import bindparam, or_

    return lambda table: or_(usual.of(table), table.c.person_id == bindparam("access_emergency"))


def _nobodys(table: "FromClause") -> "ColumnElement[Any]":
    """What is about no person and has no label: organizations, who works there, definitions."""
    from sqlalchemy import and_, literal

    return and_(table.c.person_id.is_(None), table.c.sector == literal(""))


def _is_own(table: "FromClause") -> "ColumnElement[Any]":
    from sqlalchemy import bindparam, literal, select

    from fhir_service.storage.tables import RESOURCE

    own = RESOURCE.alias("self")
    person = select(own.c.person_id).where(own.c.rtype == literal("Patient"), own.c.rid == bindparam("access_patient"))
    return table.c.person_id == person.scalar_subquery()


def _of_person(table: "FromClause") -> "ColumnElement[Any]":
    from sqlalchemy import or_

    from fhir_service.storage.constructs import contains_text

    return or_(_nobodys(table), _is_own(table), contains_text(table.c.sector, "access_party"))


def _opened_to_person(table: "FromClause") -> "ColumnElement[Any]":
    from sqlalchemy import case, literal

    return case((_is_own(table), literal(f"{ALL} ")), else_=literal(""))


def _granted(table: "FromClause") -> "ColumnElement[Any]":
    from sqlalchemy import exists, or_

    from fhir_service.storage.constructs import contains_text
    from fhir_service.storage.tables import GRANT

    grant = GRANT.alias("given")
    opened = exists().select_from(grant).where(grant.c.person_id == table.c.person_id, opens(grant, table.c.sector))
    return or_(_nobodys(table), contains_text(table.c.sector, "access_party"), opened)


def _opened_by_grants(table: "FromClause") -> "ColumnElement[Any]":
    from sqlalchemy import select

    from fhir_service.storage.tables import GRANT

    grant = GRANT.alias("opening")
    return select(told_by(grant)).where(grant.c.person_id == table.c.person_id, *is_open(grant)).scalar_subquery()


def told_by(grants: "FromClause") -> "ColumnElement[Any]":
    """What several grants open, as a text (`rows.opened_labels`)."""
    from sqlalchemy import literal

    from fhir_service.storage.constructs import listed

    return listed(grants.c.opens + literal(" ") + grants.c.apart)


def is_open(grant: "FromClause") -> "list[ColumnElement[Any]]":
    """That a grant is this caller's, in this role, now.

    SQLite would look for the two roles by a list that it makes anew for each look-up; those of one caller are few.
    """
    from sqlalchemy import bindparam, or_

    from fhir_service.storage.constructs import filter_only

    role = filter_only(grant.c.role)
    return [
        grant.c.who == bindparam("access_who"),
        or_(role == bindparam("access_any"), role == bindparam("access_role")),
        grant.c.starts <= bindparam("access_now"),
        grant.c.ends > bindparam("access_now"),
    ]


def opens(grant: "FromClause", sector: "ColumnElement[Any]") -> "ColumnElement[Any]":
    """That a grant opens what carries the labels of `sector`: as `Sight.shows`."""
    from sqlalchemy import and_, literal, not_, or_

    from fhir_service.storage.constructs import contains_text

    labelled = or_(grant.c.opens == literal(ALL), contains_text(sector, grant.c.opens))
    kept = or_(grant.c.apart == literal(""), not_(contains_text(sector, grant.c.apart)))
    return and_(*is_open(grant), labelled, kept)
