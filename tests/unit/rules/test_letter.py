"""The drafted letter is a valid DocumentReference whatever the case lacks (workflow.md 4.2 C5b)."""

from typing import Any

import pytest

from fhir_service.rules._letter import letter, letter_text
from fhir_service.rules._model import Change, Context, Settings, Standing
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource, stated
from profiles.routing import national
from profiles.validate import check
from tests.unit.rules.world import NOW, World

KE: Resource = {"reference": "Organization/ke-3224"}
MAKER: Resource = {"reference": "PractitionerRole/leader"}
PERSON: Resource = {"reference": "Patient/rune"}


@pytest.mark.parametrize(
    ("owner", "maker", "author"),
    [(KE, MAKER, [MAKER]), (KE, PERSON, [KE]), (KE, None, [KE]), (None, PERSON, None), (None, None, None)],
)
def test_author_is_who_decided_else_the_owner_else_nobody(
    owner: Resource | None, maker: Resource | None, author: list[Any] | None
) -> None:
    decision = {"type": concept(names.DECISION_OUTPUT, "decision-maker"), "valueReference": maker}
    case: Resource = {"resourceType": "Task", "id": "case", "for": PERSON, "owner": owner, "output": [stated(decision)]}
    context = Context(now=NOW, today=NOW.date(), routes=national(), settings=Settings())
    change = Change(World().draft(stated(case)), Standing("person", {}), context)
    made = stated(dict(letter(change, case)))
    assert made.get("author") == author
    assert list(check(made)) == []


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        ("pbrl-2-5-b", "er et enkeltvedtak (forvaltningsloven § 2) etter Pasient- og brukerrettighetsloven § 2-5 b"),
        ("sosialtjenesteloven § 28", "er et enkeltvedtak (forvaltningsloven § 2) etter sosialtjenesteloven § 28."),
        ("", None),
    ],
)
def test_formal_decision_names_its_law(basis: str, told: str | None) -> None:
    """Decision 6: whether decisions are formal, and by which law, differs from place to place."""
    text = letter_text({"resourceType": "Task", "id": "case"}, Settings(formal_decision=basis))
    assert (told in text) if told else ("enkeltvedtak" not in text)
