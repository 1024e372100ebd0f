"""INV-06, over every pair of statuses: the machines as workflow.md 4 writes them against what the rule says."""

from itertools import pairwise, product

import pytest

from fhir_service.principal import DEVELOPER
from fhir_service.rules import Change, Context, Draft, Standing
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._transitions import BUSINESS_STATUS, TRANSITIONS
from fhir_service.rules.transitions import check
from profiles import names
from profiles.code_systems import codes, concept
from profiles.definitions import codes as required_codes
from profiles.resource import Resource
from profiles.routing import national
from tests.unit.rules.world import NOW, business_status, consent, need, plan, team, world_at

AS_WRITTEN = {
    Kind.NEED: """- > draft | active; draft > active > completed | revoked; draft > revoked;
        active > on-hold > active""",
    Kind.CASE: """- > requested > received > accepted > in-progress > completed;
        requested > rejected; received > rejected;
        requested > cancelled; received > cancelled; accepted > cancelled;
        in-progress > on-hold > in-progress; in-progress > failed; on-hold > failed""",
    Kind.CHILD: """- > requested > accepted > in-progress > completed; requested > rejected; accepted > rejected;
        requested > cancelled; accepted > cancelled; in-progress > cancelled; on-hold > cancelled""",
    Kind.TEAM: "- > proposed > active > suspended > active > inactive",
    Kind.PLAN: """- > draft > active > on-hold > active > completed | revoked; draft > revoked;
        on-hold > completed | revoked""",
    Kind.CONSENT: "- > proposed | active | rejected; proposed > active > inactive; proposed > rejected",
}
"""`a > b > c | d`: from a to b, from b to c or d; `-`: not there yet."""

VALUE_SETS = {
    "ServiceRequest": "request-status",
    "Task": "task-status",
    "CareTeam": "care-team-status",
    "CarePlan": "request-status",
    "Consent": "consent-state-codes",
}


def pairs(text: str) -> set[tuple[str | None, str]]:
    found: set[tuple[str | None, str]] = set()
    for chain in text.split(";"):
        links = [[s.strip() for s in link.split("|")] for link in chain.split(">")]
        for before, after in pairwise(links):
            found |= {(None if a == "-" else a, b) for a, b in product(before, after)}
    states = {s for pair in found for s in pair if s}
    return found | {(state, "entered-in-error") for state in states}


def example(kind: Kind, status: str) -> Resource:
    task = {
        "resourceType": "Task",
        "id": "task",
        "intent": "order",
        "code": concept(names.KE_TASK_CODE, "assess-need" if kind is Kind.CASE else "home-visit"),
    }
    made = {Kind.NEED: need(), Kind.TEAM: team(), Kind.PLAN: plan(), Kind.CONSENT: consent()}.get(kind, task)
    business = BUSINESS_STATUS.get(status)
    more = {"businessStatus": business_status(sorted(business)[0])} if kind is Kind.CASE and business else {}
    return {**made, "status": status, **more}


def step(before: Resource | None, after: Resource) -> list[str]:
    draft = Draft(after["resourceType"], after["id"], after, before, DEVELOPER)
    context = Context(NOW, NOW.date(), national())
    return [issue.text for issue in check(Change(draft, Standing("p", {}), context))]


@pytest.mark.parametrize("kind", Kind)
def test_every_pair_of_statuses_is_allowed_or_refused_as_written(kind: Kind) -> None:
    rtype = example(kind, "active")["resourceType"]
    statuses = required_codes(f"http://hl7.org/fhir/ValueSet/{VALUE_SETS[rtype]}")
    assert statuses
    written = pairs(AS_WRITTEN[kind])
    assert {s for pair in written for s in pair if s} <= statuses
    for old, new in product([None, *sorted(statuses)], sorted(statuses)):
        before = None if old is None else example(kind, old)
        told = step(before, example(kind, new))
        assert (told == []) == ((old, new) in written or old == new), (kind, old, new, told)


@pytest.mark.parametrize("kind", Kind)
def test_refusal_lists_the_allowed_statuses(kind: Kind) -> None:
    for old, allowed in TRANSITIONS[kind].items():
        before = None if old is None else example(kind, old)
        (text,) = step(before, example(kind, "unheard-of"))
        assert all(status in text for status in allowed)


@pytest.mark.parametrize("status", sorted(BUSINESS_STATUS))
def test_case_has_only_the_business_statuses_of_its_status(status: str) -> None:
    for code in sorted(codes(names.KE_BUSINESS_STATUS)):
        case = {**example(Kind.CASE, status), "businessStatus": business_status(code)}
        assert (step(case, case) == []) == (code in BUSINESS_STATUS[status]), (status, code)
    without = {k: v for k, v in example(Kind.CASE, status).items() if k != "businessStatus"}
    assert step(without, without)


def test_every_business_status_is_used_by_some_status() -> None:
    assert frozenset().union(*BUSINESS_STATUS.values()) == codes(names.KE_BUSINESS_STATUS)


@pytest.mark.parametrize("kind", Kind)
def test_examples_are_of_their_kind(kind: Kind) -> None:
    assert kind_of(example(kind, "active")) is kind


def test_the_way_by_hand_is_told_when_feedback_is_completed_without_it() -> None:
    world = world_at("decided")
    told = world.task("send-feedback")
    (issue,) = world.judged(world.draft(told | {"status": "completed"})).issues
    assert issue.code == "illegal-transition"
    assert "manual" in issue.text
