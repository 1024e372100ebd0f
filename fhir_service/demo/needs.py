"""A need for coordinated services told over FHIR: the same case as a REF^I12 opens."""

from uuid import uuid4

from fhir_service.demo.hub import Hub
from fhir_service.demo.walk import concept, now
from profiles import names
from profiles.resource import Resource


def reporter(hub: Hub, name: str) -> str:
    """An organisation that reports; returns `Organization/[id]`."""
    made = hub.post({"resourceType": "Organization", "active": True, "name": name})
    return f"Organization/{made['id']}"


def person(hub: Hub, identifier: tuple[str, str] | None, name: tuple[str, str], born: str, gender: str) -> str:
    """A Patient registered over FHIR; returns `Patient/[id]`."""
    system_value = [{"system": identifier[0], "value": identifier[1]}] if identifier else []
    resource: Resource = {
        "resourceType": "Patient",
        "name": [{"family": name[0], "given": [name[1]]}],
        "gender": gender,
        "birthDate": born,
    }
    return f"Patient/{hub.post(resource | ({'identifier': system_value} if system_value else {}))['id']}"


def need(
    patient: str, requester: str, municipality: str, consent: str, text: str, code: str = "coordinated-services"
) -> Resource:
    """A ServiceRequest `need-notification` (workflow.md 5); `municipality` says which KE."""
    return {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": names.RFC_3986, "value": f"urn:uuid:{uuid4()}"}],
        "status": "active",
        "intent": "proposal",
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, code),
        "subject": {"reference": patient},
        "authoredOn": now(),
        "requester": {"reference": requester},
        "performer": [{"identifier": {"system": names.MUNICIPALITY, "value": municipality}}],
        "reasonCode": [{"text": text}],
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": consent}],
    }
