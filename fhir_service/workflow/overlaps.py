"""Entries of a transaction that are about one resource, where only criteria and contents show it.

https://hl7.org/fhir/R4/http.html#trules  A conditional create or update that matches nothing makes something new. If
another entry writes what its criteria match, there would be two of one when all is done.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_service.storage.criteria_locks import identifiers_of
from fhir_service.workflow.drafted_matches import Drafted
from fhir_service.workflow.interaction import Intended
from fhir_service.workflow.settle import Wanted

MAKING = frozenset({"create", "update"})
"""Methods whose criteria may match nothing."""


def overlapping(intents: Mapping[int, Intended], base_url: str) -> Iterator[int]:
    """Indexes of the entries whose criteria match what another entry writes."""
    asking = {index: asked for index, intent in intents.items() if (asked := _asked(intent))}
    if not asking:
        return
    named = _by_identifier(intents)
    for index, values in asking.items():
        intent = intents[index]
        own, criteria = intent.wanted[0].draft, intent.request.criteria
        others = {w.draft.rid: w.draft for value in values for w in named.get((own.rtype, value), ())}
        others.pop(own.rid, None)
        drafted = [(rid, draft.after) for rid, draft in others.items() if draft.after is not None]
        if drafted and criteria is not None and Drafted(drafted, base_url).matching(criteria).certain:
            yield index


def _asked(intent: Intended) -> frozenset[str]:
    """The identifiers that a conditional entry asks for which makes something new."""
    request = intent.request
    if request.criteria is None or request.method not in MAKING or not intent.wanted or intent.wanted[0].stored:
        return frozenset()
    return identifiers_of(request.criteria)


def _by_identifier(intents: Mapping[int, Intended]) -> Mapping[tuple[str, str], list[Wanted]]:
    """What is written by type and value of an identifier, in lower case."""
    found: defaultdict[tuple[str, str], list[Wanted]] = defaultdict(list)
    for intent in intents.values():
        for wanted in intent.wanted:
            for value in _values(wanted.draft.after or {}):
                found[wanted.draft.rtype, value.casefold()].append(wanted)
    return found


def _values(resource: Mapping[str, Any]) -> Iterator[str]:
    """The values of its identifiers; some types have one at most."""
    sent = resource.get("identifier", ())
    for identifier in sent if isinstance(sent, list) else (sent,):
        value = identifier.get("value") if isinstance(identifier, dict) else None
        if isinstance(value, str):
            yield value
