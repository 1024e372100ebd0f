"""Searches that ask the terminology: `:in`, `:not-in`, `:above` and `:below` become plain tokens.

https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_service.search.query import (
    AnyOf,
    Chain,
    ConceptSet,
    Condition,
    Criterion,
    FullText,
    Has,
    SearchQuery,
    TokenValue,
    Value,
)
from fhir_service.storage.access import Access
from fhir_service.workflow.terminology_content import Searches, Terminology
from fhir_service.workflow.terminology_expand import unknown, whole_systems
from profiles.issues import Issue, error

MOST_TOKENS = 10_000
"""Codes that one condition may stand for (SR-8)."""
NO_TOKEN = TokenValue(system="", code="")
"""Finds nothing: no token is without system and code."""


def asks_terminology(query: SearchQuery) -> bool:
    """Whether `resolved` has anything to do."""
    return any(map(_asks, query.criteria)) or any(_asks(c) for part in query.among for c in part.criteria)


def _asks(condition: Condition) -> bool:
    match condition:
        case Criterion():
            return any(type(value) is ConceptSet for value in condition.values)
        case Chain():
            return any(_asks(below) for _, below in condition.links)
        case Has():
            return _asks(condition.condition)
        case AnyOf():
            return any(map(_asks, condition.conditions))
        case FullText():
            return False


async def resolved(query: SearchQuery, searches: Searches, access: Access) -> SearchQuery | tuple[Issue, ...]:
    """The query with every ConceptSet replaced by the tokens it stands for, or all that cannot be.

    `searches` is the repository or the reads of a transaction; `used` and everything else stays as it is.
    """
    if not asks_terminology(query):
        return query
    asking = _Asking(Terminology(searches, access))
    criteria = await asking.conditions(query.criteria)
    among = tuple([replace(part, criteria=await asking.conditions(part.criteria)) for part in query.among])
    return tuple(asking.issues) or replace(query, criteria=criteria, among=among)


class _Asking:
    """One walk through the conditions of a query; collects what goes wrong."""

    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology
        self.issues: list[Issue] = []

    async def conditions(self, conditions: Iterable[Condition]) -> tuple[Condition, ...]:
        return tuple([await self._condition(condition) for condition in conditions])

    async def _condition(self, condition: Condition) -> Condition:
        match condition:
            case Criterion() if _asks(condition):
                return await self._criterion(condition)
            case Chain():
                links = [(rtype, await self._condition(below)) for rtype, below in condition.links]
                return replace(condition, links=tuple(links))
            case Has():
                return replace(condition, condition=await self._condition(condition.condition))
            case AnyOf():
                return AnyOf(await self.conditions(condition.conditions))
            case _:
                return condition

    async def _criterion(self, criterion: Criterion) -> Condition:
        values: list[Value] = []
        for value in criterion.values:
            tokens = await self._tokens(value, criterion.modifier) if isinstance(value, ConceptSet) else (value,)
            if isinstance(tokens, Issue):
                self.issues.append(error("bad-parameter-value", criterion.parameter, tokens.text))
            else:
                values += tokens
        if len(values) > MOST_TOKENS:
            text = f"This stands for more than {MOST_TOKENS} codes: ask for less"
            self.issues.append(error("bad-parameter-value", criterion.parameter, text))
        kept = criterion.modifier if criterion.modifier == "not-in" else None
        return replace(criterion, values=tuple(dict.fromkeys(values)) or (NO_TOKEN,), modifier=kept)

    async def _tokens(self, asked: ConceptSet, modifier: str | None) -> tuple[TokenValue, ...] | Issue:
        if asked.value_set is not None:
            return await self._of_value_set(asked.value_set)
        return await self._of_hierarchy(asked.system or "", asked.code or "", modifier)

    async def _of_value_set(self, canonical: str) -> tuple[TokenValue, ...] | Issue:
        value_set = await self._terminology.find("ValueSet", canonical)
        if value_set is None:
            return unknown("value set", canonical)
        systems = whole_systems(value_set)
        if systems is not None:
            return tuple(TokenValue(system, None) for system in systems)
        members = await self._terminology.members(value_set)
        return members if isinstance(members, Issue) else tuple(TokenValue(*key) for key in members)

    async def _of_hierarchy(self, url: str, code: str, modifier: str | None) -> tuple[TokenValue, ...] | Issue:
        """The code itself and those below or above it."""
        if not url:
            return error("value", "", "Name the code system: SYSTEM|CODE")
        system = await self._terminology.system(url)
        if system is None:
            return unknown("code system", url)
        if system.find(code) is None:
            return error("value", "", f"The code system {url[:400]} has no such code")
        found = system.above(code) if modifier == "above" else system.below(code)
        return tuple(TokenValue(url, concept.code) for concept in found)
