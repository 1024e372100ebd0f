"""A need for coordinated services told over FHIR: the same case as a REF^I12 opens."""

from typing import Any
from uuid import uuid4

from fhir_service.demo.hub import Hub
from fhir_service.demo.walk import concept, now
from profiles import names
from profiles.resource import Resource


def reporter(hub: Hub, name: str) -> str:
    """An organisation that reports; returns `Organization/[id]`."""
    made = hub.post({"resourceType": "Organization", "active": True, "name": name})
    return f"Organization/{made['id']}"


def organization(hub: Hub, rid: str, name: str) -> str:
    """An organisation that takes part, under an id that can be told; returns `Organization/[id]`."""
    hub.keep({"resourceType": "Organization", "id": rid, "active": True, "name": name})
    return f"Organization/{rid}"


def tell(hub: Hub, request: Resource) -> Resource:
    """The need is told by its requester, in their own name."""
    who = request["requester"]["reference"]
    is_organization = who.startswith("Organization/")
    teller = hub.acting("notifier", who) if is_organization else hub.acting("person", person=who)
    return teller.post(request)


def person(hub: Hub, number: tuple[str, str], name: tuple[str, str], born: str, gender: str, **elements: Any) -> str:
    """A Patient registered over FHIR, known by `number` (system, value); returns `Patient/[id]`."""
    resource: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": number[0], "value": number[1]}],
        "name": [{"family": name[0], "given": [name[1]]}],
        "gender": gender,
        "birthDate": born,
        **elements,
    }
    return f"Patient/{hub.post(resource)['id']}"


def by_number(number: tuple[str, str]) -> Resource:
    """A reference by a number (system, value), for those to whom the person's record is not shown."""
    return {"type": "Patient", "identifier": {"system": number[0], "value": number[1]}}


def parent(hub: Hub, child: str, family: str, given: str) -> str:
    """A parent who speaks for the child; returns `RelatedPerson/[id]`."""
    relation = {"coding": [{"system": names.V3_ROLE_CODE, "code": "PRN"}]}
    made = hub.post(
        {
            "resourceType": "RelatedPerson",
            "patient": {"reference": child},
            "relationship": [relation],
            "name": [{"family": family, "given": [given]}],
        }
    )
    return f"RelatedPerson/{made['id']}"


def need(
    patient: str, requester: str, municipality: str | None, consent: str, text: str, code: str = "coordinated-services"
) -> Resource:
    """A ServiceRequest `need-notification` (workflow.md 5) to the KE of `municipality`, None: of the address."""
    performer = {"performer": [{"identifier": {"system": names.MUNICIPALITY, "value": municipality}}]}
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
        **(performer if municipality else {}),
        "reasonCode": [{"text": text}],
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": consent}],
    }
