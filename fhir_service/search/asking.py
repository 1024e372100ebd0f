"""A search while it is read, parameter by parameter."""

from dataclasses import dataclass, field

from fhir_service.search.query import Condition, Cursor, Include, SearchQuery, Sort, TypeSearch
from fhir_service.search.scope import Scope
from profiles.issues import Issue


@dataclass(slots=True)
class Asking:
    """What was understood so far. `criteria` has a list for each type of the scope."""

    scope: Scope
    count: int
    criteria: dict[str, list[Condition]]
    includes: list[Include] = field(default_factory=list)
    sort: tuple[Sort, ...] = ()
    total: bool = False
    used: list[tuple[str, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def query(self, after: Cursor | None) -> SearchQuery:
        """The search, frozen. A page of none asks for their number."""
        one = self.scope.rtype
        return SearchQuery(
            rtype=one,
            criteria=tuple(self.criteria[one]) if one else (),
            among=() if one else tuple(TypeSearch(t, tuple(found)) for t, found in self.criteria.items()),
            includes=tuple(dict.fromkeys(self.includes)),
            sort=self.sort,
            count=self.count,
            total=self.total or self.count == 0,
            after=after,
            used=tuple(self.used),
        )
