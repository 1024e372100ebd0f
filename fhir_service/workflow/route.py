"""Where a referral by message goes: the organisation named, else the person's municipality, else the default inbox."""

from collections.abc import Iterator
from datetime import date

from msgspec import structs

from fhir_service.rules import municipality_of
from fhir_service.workflow.gather import Gathered
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from mappings.message import Translation
from profiles.issues import Issue, warning
from profiles.resource import Resource
from profiles.routing import Inbox, Routes


def routed(
    gathered: Gathered, translation: Translation, routes: Routes, today: date, named: Inbox | None
) -> list[Wanted]:
    """The drafts, with the performer set on every need notification that names none; the sender is told of a detour.

    `named`: the inbox that the message names.
    """
    drafted = next((w.draft.after for w in gathered.wanted if w.draft.rtype == "Patient"), None)
    patient = drafted or (parse_body(gathered.patient.body) if gathered.patient else None)
    inbox = named or inbox_at_home(translation, patient, routes, today)
    wanted = [_with_performer(w, inbox) for w in gathered.wanted]
    if wanted != gathered.wanted and named is None:
        gathered.issues.extend(_detour(translation.facts.get("route-to"), inbox, routes))
    return wanted


def _detour(asked: str | None, inbox: Inbox, routes: Routes) -> Iterator[Issue]:
    """A referral is never refused for want of a route, but whoever sent it must know that it went elsewhere."""
    if asked:
        text = (
            "The receiver named is not known here; the referral went to the person's municipality or the common inbox"
        )
        yield warning("not-routed", "PRD-7", text)
    elif inbox == routes.default:
        text = "No receiver is named and the person's municipality is not known here; the common inbox got the referral"
        yield warning("not-routed", "PID-11.9", text)


def inbox_at_home(translation: Translation, patient: Resource | None, routes: Routes, today: date) -> Inbox:
    """The inbox of a referral that names none that is known; never none (domain.md 7)."""
    municipality = translation.facts.get("municipality") or municipality_of(patient or {})
    home = routes.of_municipality(municipality, translation.facts.get("district"), _age(patient, today))
    return home or routes.default


def _with_performer(wanted: Wanted, inbox: Inbox) -> Wanted:
    draft = wanted.draft
    if draft.rtype != "ServiceRequest" or draft.after is None or draft.after.get("performer"):
        return wanted
    performer = [{"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}]
    return structs.replace(wanted, draft=structs.replace(draft, after={**draft.after, "performer": performer}))


def _age(patient: Resource | None, today: date) -> int | None:
    born = str((patient or {}).get("birthDate", ""))
    if len(born) != 10:
        return None
    year, month, day = (int(part) for part in born.split("-"))
    return today.year - year - ((today.month, today.day) < (month, day))
