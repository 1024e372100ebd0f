"""The need notification: who sent it, what it says about consent, whether it is known already (4.1, 7.4)."""

from datetime import timedelta

from fhir_service.rules._case import open_cases, requests_of
from fhir_service.rules._elements import extension, part, reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Standing
from fhir_service.rules._times import parse
from profiles import names
from profiles.resource import Resource

DUPLICATE_WINDOW = timedelta(days=30)


def opens_case(change: Change) -> bool:
    """Whether the draft is a need that someone must answer: newly active, or a draft inferred from a message."""
    need = change.after
    if need is None or kind_of(need) is not Kind.NEED:
        return False
    was = (change.before or {}).get("status") if kind_of(change.before) is Kind.NEED else None
    if need.get("status") == "active":
        return was in (None, "draft")
    return is_inferred(change) and was is None


def is_inferred(change: Change) -> bool:
    """Whether the need was inferred from a discharge, not told by anyone: a draft that does make a case (4.1)."""
    need = change.after or {}
    return change.draft.cause != "rest" and need.get("status") == "draft" and is_supposed(need)


def is_supposed(need: Resource) -> bool:
    """Whether something was taken for a need that did not say so."""
    tags = several(part(need, "meta", "tag"))
    return any(isinstance(t, dict) and (t.get("system"), t.get("code")) == (names.TAG, "inferred-need") for t in tags)


def consent_statement(need: Resource) -> str | None:
    """What the notifier says about consent."""
    code = part(extension(need, names.IP_CONSENT_STATEMENT), "valueCode")
    return code if isinstance(code, str) else None


def notifier_of(need: Resource, standing: Standing) -> frozenset[str]:
    """Everything that tells a notifier from others: reference, its organisation, identifier."""
    requester = need.get("requester") or {}
    wanted = reference(requester)
    organization = part(standing.get(wanted), "organization", "reference")
    identifier = requester.get("identifier") or {}
    number = f"{identifier.get('system')}|{identifier['value']}" if identifier.get("value") else None
    return frozenset(str(sign) for sign in (wanted, organization, number) if sign)


def case_already_open(change: Change, need: Resource) -> tuple[Resource, bool] | None:
    """The open case that a new need joins, and whether the same notifier sent it (workflow.md 7.4)."""
    sender = notifier_of(need, change.standing)
    for case in open_cases(change.standing):
        known = [r for wanted in requests_of(case) if (r := change.standing.get(wanted)) and r["id"] != need["id"]]
        if not known:
            continue
        if not any(sender & notifier_of(r, change.standing) for r in known):
            return case, False
        began = parse(case.get("authoredOn"))
        if began is not None and change.context.now - began <= DUPLICATE_WINDOW:
            return case, True
    return None
