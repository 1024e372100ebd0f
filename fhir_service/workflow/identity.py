"""Which person each Patient is, and which persons turn out to be one (SR-14, decision 27).

A number makes a person: what has it is theirs, whatever Patient states it, and it stays theirs when none does any
more. Persons come together where a Patient is linked as replaced by another one, or where one that nobody had a number
of gets somebody's. A Patient that says two numbered persons to be one is for people to look at: nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fhir_service.rules import Draft
from fhir_service.storage.port import Identifier, Reads, Stored
from fhir_service.workflow.national import national_identifiers
from fhir_service.workflow.replaced import newly_replaced
from profiles.issues import Issue, error

AMBIGUOUS = error(
    "identity-ambiguous",
    "Patient.identifier",
    "The national identifiers belong to different persons here; the koordinerende enhet must decide",
)


@dataclass(slots=True)
class Identities:
    """What is found out about Patients. `known`: person_id by number; `numbered`: persons who have any."""

    known: dict[Identifier, str]
    numbered: frozenset[str] = frozenset()
    of: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    new: dict[Identifier, str] = field(default_factory=dict)
    blamed: dict[Issue, tuple[str, ...]] = field(default_factory=dict)
    disputed: list[tuple[str, ...]] = field(default_factory=list)

    def now(self, person: str) -> str:
        """Who that person is, as far as is known by now."""
        while person in self.joined:
            person = self.joined[person]
        return person

    def join(self, person: str, to: str) -> None:
        """From now on the first is the other."""
        one, other = self.now(person), self.now(to)
        if one != other:
            self.joined[one] = other

    def claimed(self, claims: Sequence[Identifier]) -> set[str]:
        """The persons who have these numbers."""
        numbers = (self.new.get(i) or self.known.get(i) for i in claims)
        return {self.now(person) for person in numbers if person}

    def has_number(self, person: str) -> bool:
        """Whether anything tells who the person is, one number that is new in this transaction included."""
        ones = {self.now(p) for p in (*self.numbered, *self.new.values())}
        return person in ones


async def identities(tx: Reads, drafts: Sequence[Draft], stored: Mapping[str, Stored], base_url: str) -> Identities:
    """The persons of Patients that are to be written. `stored`: their current versions by `Type/id`."""
    claims = {d.reference: national_identifiers(d.after or {}) for d in drafts}
    found = Identities(dict(await tx.persons({i for ids in claims.values() for i in ids})))
    links = newly_replaced(drafts, base_url)
    before = await _persons_before(tx, drafts, stored, links)
    strangers = {p for d in drafts if (p := before.get(d.rid)) and found.claimed(claims[d.reference]) - {p}}
    if strangers:
        found.numbered = await tx.numbered(strangers)
    homes = {d.rid: _home(found, d, claims[d.reference], before) for d in drafts}
    for source, target in links.items():
        one, other = (homes.get(rid) or before.get(rid) for rid in (source, target))
        if one and other:
            found.join(one, other)
    for draft in drafts:
        _settle(found, draft, claims[draft.reference], (homes[draft.rid], draft.rid in before))
    return found


async def _persons_before(
    tx: Reads, drafts: Sequence[Draft], stored: Mapping[str, Stored], links: Mapping[str, str]
) -> dict[str, str]:
    """person_id by Patient id, of the drafts' Patients and of those they are linked to."""
    rows = {d.rid: row for d in drafts if (row := stored.get(d.reference))}
    others = {rid for link in links.items() for rid in link} - rows.keys()
    found = await tx.get_many([("Patient", rid) for rid in sorted(others)]) if others else {}
    rows |= {row.rid: row for row in found.values() if not row.deleted}
    return {rid: row.person_id for rid, row in rows.items() if row.person_id}


def _home(found: Identities, draft: Draft, claims: Sequence[Identifier], before: Mapping[str, str]) -> str:
    """Whose record it is when nothing but the record itself counts; a new one is that of the number it has."""
    named = found.claimed(claims)
    return before.get(draft.rid) or (named.pop() if len(named) == 1 else draft.rid)


def _settle(found: Identities, draft: Draft, claims: Sequence[Identifier], was: tuple[str, bool]) -> None:
    """`was`: whose record it is, and whether there is anything of theirs already."""
    home, is_there = found.now(was[0]), was[1]
    named = found.claimed(claims)
    if len(named) > 1 or (is_there and named - {home} and found.has_number(home)):
        found.blamed[AMBIGUOUS] = (*found.blamed.get(AMBIGUOUS, ()), draft.reference)
        found.disputed.append(tuple(sorted(named | {home} if is_there else named)))
        return
    person = named.pop() if named else home
    if is_there:
        found.join(home, person)
    found.of[draft.reference] = person
    found.new.update({i: person for i in claims if i not in found.known})
