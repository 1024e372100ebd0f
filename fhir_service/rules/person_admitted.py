"""4.11: the coordinator learns that the person is in hospital, where the person's consent covers it."""

from collections.abc import Iterable

from fhir_service.rules._drafting import make
from fhir_service.rules._elements import reference_to, status
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import is_inpatient
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._people import plan_consent
from fhir_service.rules._team import coordinator_of
from fhir_service.rules._times import instant
from profiles import names
from profiles.r4_types import Communication


def effects(change: Change) -> Iterable[Effect]:
    """A Communication, once a stay; a cancelled discharge is no new admission."""
    stay = change.after
    if stay is None or not is_inpatient(stay) or stay.get("status") != "in-progress":
        return
    if status(change.before) in ("in-progress", "finished"):
        return
    coordinator = coordinator_of(change.standing)
    if coordinator is None or plan_consent(change.standing) is None:
        return
    now = instant(change.context.now)
    message: Communication = {
        "resourceType": "Communication",
        "id": derived_id("admitted", stay["id"]),
        "status": "completed",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "subject": stay.get("subject"),
        "encounter": reference_to(stay),
        "sent": now,
        "received": now,
        "recipient": [coordinator],
        "sender": stay.get("serviceProvider"),
        "payload": [{"contentString": "Personen du er koordinator for, er innlagt på sykehus."}],
    }
    yield from make(change.standing, message)


RULE = Rule(
    id="person-admitted",
    title="The coordinator learns of an admission",
    basis="helsepersonelloven § 25; workflow.md 4.11",
    says="Når en person med koordinator legges inn, får koordinatoren beskjed, så langt samtykket rekker.",
    on=frozenset({"Encounter"}),
    effects=effects,
)
