"""Decision 14: a long stay ends and nobody told of a need; the need is inferred, and a person decides."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import open_cases
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import code_in, part, reference, reference_to, status
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, is_inpatient, kind_of
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._need import is_supposed
from fhir_service.rules._people import municipality_of, patient_of
from fhir_service.rules._plan import plans
from fhir_service.rules._team import coordinator_of
from fhir_service.rules._times import instant, parse
from fhir_service.rules._transitions import IN_FORCE
from profiles import names
from profiles.code_systems import coding, concept
from profiles.r4_types import ServiceRequest
from profiles.resource import Resource

REHABILITATION = "rehab"


def effects(change: Change) -> Iterable[Effect]:
    """A draft need at the discharge, unless somebody knows of the person already; revoked when it is cancelled."""
    stay = change.after
    if stay is None or not is_inpatient(stay) or not change.context.settings.infer_need:
        return
    if stay.get("status") == "finished":
        if status(change.before) != "finished" and _is_long(change, stay) and not _is_known(change.standing):
            yield from make(change.standing, _need(change, stay))
    elif status(change.before) == "finished":
        for need in _inferred(change.standing, stay):
            if need.get("status") in ("draft", "active"):
                yield revise(change.standing, need, status="revoked")


def _is_long(change: Change, stay: Resource) -> bool:
    """The trigger: a stay of that many days, or a discharge to rehabilitation."""
    disposition = part(stay, "hospitalization", "dischargeDisposition")
    if code_in(disposition, names.DISCHARGE_DISPOSITION) == REHABILITATION:
        return True
    began = parse(part(stay, "period", "start"))
    ended = parse(part(stay, "period", "end")) or change.context.now
    return began is not None and (ended - began).days >= change.context.settings.infer_need_days


def _is_known(standing: Standing) -> bool:
    return bool(open_cases(standing) or any(plans(standing, *IN_FORCE)) or coordinator_of(standing))


def _inferred(standing: Standing, stay: Resource) -> Iterator[Resource]:
    wanted = f"Encounter/{stay['id']}"
    needs = (r for r in standing.of("ServiceRequest") if kind_of(r) is Kind.NEED and is_supposed(r))
    return (need for need in needs if reference(need.get("encounter")) == wanted)


def _need(change: Change, stay: Resource) -> ServiceRequest:
    # The same stay may end more than once: each cancelled discharge leaves a revoked request behind.
    earlier = len(list(_inferred(change.standing, stay)))
    rid = derived_id("inferred-need", stay["id"], str(earlier))
    municipality = municipality_of(patient_of(change.standing, reference(stay.get("subject"))) or {})
    return {
        "resourceType": "ServiceRequest",
        "id": rid,
        "meta": {"tag": [coding(names.TAG, "inferred-need")]},
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "unknown"}],
        "identifier": [{"system": names.RFC_3986, "value": f"urn:uuid:{rid}"}],
        "status": "draft",
        "intent": "proposal",
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"),
        "subject": stay.get("subject"),
        "encounter": reference_to(stay),
        "authoredOn": instant(change.context.now),
        "requester": stay.get("serviceProvider"),
        "performer": [{"identifier": {"system": names.MUNICIPALITY, "value": municipality}}] if municipality else None,
        "reasonCode": [{"text": "Utskrevet etter langt opphold eller til rehabilitering, uten melding om behov."}],
    }


RULE = Rule(
    id="discharged-without-notice",
    title="A long stay that ends without a notice is looked at",
    basis="helse- og omsorgstjenesteloven § 7-3; spesialisthelsetjenesteloven § 2-5; hl7v2-mapping.md 10, decision 14",
    says="Kommer noen hjem etter et langt opphold uten at noen har meldt behov, ser koordinerende enhet på saken.",
    on=frozenset({"Encounter"}),
    effects=effects,
)
