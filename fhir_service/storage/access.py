"""What a caller may see, as one condition on every table that a query touches (decision 34).

Index rows, resources and versions carry person, tenant and sector, so the same condition fits each of them: what is
hidden neither shows nor matches, is not counted, and cannot be reached by a chain, `_has` or an include.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_service.principal import Principal

if TYPE_CHECKING:  # whoever speaks about access need not load what speaks SQL
    from sqlalchemy import ColumnElement, FromClause


@dataclass(frozen=True, slots=True)
class Access:
    """`name` is the shape: accesses of one name have the same SQL and differ in what is `bound` only.

    `condition` takes a table or alias with `person_id`, `tenant_id` and `sector`; None: everything may be seen.
    Names of bound values begin with `access_`.
    """

    name: str
    condition: "Callable[[FromClause], ColumnElement[Any]] | None" = field(default=None, compare=False)
    bound: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def of(self, table: "FromClause") -> "ColumnElement[Any]":
        """The condition on the rows of `table`."""
        from sqlalchemy import true

        return self.condition(table) if self.condition else true()


EVERYTHING = Access("everything")


def access_of(_: Principal) -> Access:
    """What this caller may see. In `dev` nobody is authenticated, and everybody sees everything (decision 13)."""
    return EVERYTHING
