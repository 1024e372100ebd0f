"""Events of the log as AuditEvents, made when somebody reads them: the shapes of IHE BALP.

https://profiles.ihe.net/ITI/BALP/  An event of several patients is told as one AuditEvent a patient (decision 29).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import blake2s
from typing import Any

import msgspec
from msgspec import structs

from fhir_service.principal import EMERGENCY
from fhir_service.storage.audit import Kept
from fhir_service.storage.instants import moment
from fhir_service.workflow.versions import instant
from profiles import names
from profiles.r4_types import AuditEvent, AuditEventAgent, AuditEventEntity, CodeableConcept, Coding, Meta
from profiles.resource import stated

REST_EVENT = names.TERMINOLOGY + "/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
ENTITY_TYPE = names.TERMINOLOGY + "/audit-entity-type"
OBJECT_ROLE = names.TERMINOLOGY + "/object-role"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
BALP = "https://profiles.ihe.net/ITI/BALP"
_ACTIONS: Mapping[str, Any] = {"create": "C", "read": "R", "vread": "R", "update": "U", "patch": "U", "delete": "D"}
_SHAPES = {
    "create": "Create",
    "read": "Read",
    "vread": "Read",
    "update": "Update",
    "patch": "Update",
    "delete": "Delete",
    "search-type": "Query",
    "search-system": "Query",
}
"""The BALP profile of a successful one; histories and operations have none."""
_TO_CLIENT = frozenset({"Read", "Delete"})
"""Shapes in which the client is the destination; in the others it is the source, as BALP has it."""
_UNKNOWN: Any = {
    "_address": {"extension": [{"url": f"{names.HL7_EXTENSION}/data-absent-reason", "valueCode": "unknown"}]}
}


_MADE = re.compile(r"/([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-")


class Event(msgspec.Struct, frozen=True):
    """One interaction with one patient, or with none. `at`: microseconds since 1970 UTC."""

    at: int
    eid: str
    kept: Kept
    person_id: str | None = None
    beside: tuple[str, ...] = ()
    """`Type/id/_history/version` of what was written with it."""

    @property
    def resources(self) -> frozenset[tuple[str, str]]:
        """(type, id) of what it names beside the patient."""
        named = {(rtype, rid) for rtype, rid, *_ in (reference.split("/") for reference in self.beside)}
        kept = self.kept
        if kept.rtype and kept.rid and "(" not in kept.rid:
            named.add((kept.rtype, kept.rid))
        return frozenset(named)


CHANGE_ID = re.compile(r"c([0-9a-f]{1,15})-[0-9a-f]{16,28}")


def read_id(at: int, writer: int, number: int) -> str:
    """The id of the AuditEvent of a row of the log and the number of one of its persons."""
    return f"r{at:x}-{writer:x}-{number}"


def change_id(at: int, reference: str) -> str:
    """The id of the AuditEvent of a version; `reference`: `Type/id/_history/version`.

    Of changes that were made together, ids sort as their resources were made, as far as their ids tell (RFC 9562 5.7).
    """
    made = _MADE.search(reference)
    older = "".join(made.groups()) if made else ""
    return f"c{at:x}-{older}{blake2s(reference.encode(), digest_size=8).hexdigest()}"


def audit_event(event: Event, patient: str | None, base_url: str) -> AuditEvent:
    """The resource. `patient`: `Patient/[id]` of the event's person, as far as there is one."""
    kept, at = event.kept, instant(moment(event.at))
    shape = _SHAPES.get(kept.interaction, "") if kept.status < 400 else ""
    meta: Meta = {"versionId": "1", "lastUpdated": at, "profile": _profile(shape, patient)}
    audit: AuditEvent = {
        "resourceType": "AuditEvent",
        "id": event.eid,
        "meta": stated(meta),
        "type": {"system": REST_EVENT, "code": "rest"},
        "subtype": _subtypes(kept.interaction),
        "action": _ACTIONS.get(kept.interaction, "R" if kept.interaction.startswith("history") else "E"),
        "recorded": at,
        "outcome": "0" if kept.status < 400 else "4" if kept.status < 500 else "8",
        "outcomeDesc": f"HTTP {kept.status}",
        "purposeOfEvent": [_purpose(kept)],
        "agent": _agents(kept, shape, base_url),
        "source": {"observer": {"type": "Device", "display": "Knutepunkt"}},
        "entity": _entities(kept, patient, event.beside),
    }
    return stated(audit)


def _profile(shape: str, patient: str | None) -> list[str] | None:
    if not shape:
        return None
    return [f"{BALP}/StructureDefinition/IHE.BasicAudit.{'Patient' if patient else ''}{shape}"]


def _subtypes(interaction: str) -> list[Coding]:
    if not interaction.startswith("$"):
        return [{"system": INTERACTION, "code": interaction}]
    return [
        {"system": INTERACTION, "code": "operation"},
        {"system": f"{names.BASE}/CodeSystem/operation", "code": interaction[1:]},
    ]


def _purpose(kept: Kept) -> CodeableConcept:
    """As it was stated, else what the caller comes for."""
    code = EMERGENCY if kept.purpose == EMERGENCY else "PATRQT" if kept.person else "TREAT"
    return {"coding": [{"system": names.V3_ACT_REASON, "code": code}]}


def _agents(kept: Kept, shape: str, base_url: str) -> list[AuditEventAgent]:
    destination: CodeableConcept = {"coding": [{"system": DICOM, "code": "110152", "display": "Destination Role ID"}]}
    source: CodeableConcept = {"coding": [{"system": DICOM, "code": "110153", "display": "Source Role ID"}]}
    to_client = shape in _TO_CLIENT
    users = _user(kept, shape)
    client: AuditEventAgent = {
        "type": destination if to_client else source,
        "who": {"reference": kept.organization} if kept.organization else {"display": "Client"},
        "requestor": not users,
        "network": _UNKNOWN,
        "policy": [f"{names.ACCESS_BASIS}#{kept.basis}"] if kept.basis else None,
    }
    server: AuditEventAgent = {
        "type": source if to_client else destination,
        "who": {"type": "Device", "display": "Knutepunkt"},
        "requestor": False,
        "network": {"address": base_url, "type": "5"},
    }
    return [stated(client), server, *users]


def _user(kept: Kept, shape: str) -> list[AuditEventAgent]:
    """Who acts: a person, or somebody in a role at the client."""
    if not (kept.person or kept.role):
        return []
    kind = "AUT" if shape in ("Create", "Update", "Delete") else "IRCP"
    why: CodeableConcept = {**_purpose(kept), "text": kept.reason}
    user: AuditEventAgent = {
        "type": {"coding": [{"system": names.V3_PARTICIPATION, "code": kind}]},
        "role": [{"text": kept.role}] if kept.role else None,
        "who": {"reference": kept.person} if kept.person else {"display": kept.role},
        "requestor": True,
        "purposeOfUse": [why if kept.reason else _purpose(kept)],
    }
    return [stated(user)]


def _entities(kept: Kept, patient: str | None, beside: tuple[str, ...]) -> list[AuditEventEntity]:
    """The patient, what was asked for, and what was written with it: BALP has one entity of the type `2` at most."""
    return [
        *([_entity("1", "1", patient)] if patient else []),
        *_asked(kept),
        *(_entity("4", "4", reference) for reference in beside),
        {
            "what": {"identifier": {"value": kept.request_id}},
            "type": {"system": f"{BALP}/CodeSystem/{_KIND}", "code": "XrequestId"},
        },
    ]


_KIND = "BasicAuditEntityType"


def _entity(kind: str, role: str, reference: str) -> AuditEventEntity:
    return {
        "what": {"reference": reference},
        "type": {"system": ENTITY_TYPE, "code": kind},
        "role": {"system": OBJECT_ROLE, "code": role},
    }


def _asked(kept: Kept) -> list[AuditEventEntity]:
    """The resource of an address; of a search the names of its parameters, never what was searched for."""
    if kept.rid and not kept.interaction.startswith("search"):
        version = f"/_history/{kept.version}" if kept.version else ""
        if "(" in kept.rid:  # what stood there is not kept
            return []
        return [_entity("2", "4", f"{kept.rtype}/{kept.rid}{version}")]
    names_only = "&".join(kept.parameters.split())
    place = "/".join(part for part in (kept.rtype, kept.rid) if part)
    query = f"{place}?{names_only}" if names_only else place
    return (
        [
            {
                "type": {"system": ENTITY_TYPE, "code": "2"},
                "role": {"system": OBJECT_ROLE, "code": "24"},
                "description": f"{kept.found} found",
                "query": b64encode(query.encode()).decode("ascii") or None,
            }
        ]
        if query
        else []
    )


def events_of_row(at: int, writer: int, kept: Kept, persons: frozenset[str] | None) -> list[Event]:
    """One event a person; of those of `persons`, unless that is None. One event where it is about nobody."""
    if not kept.persons:
        return [Event(at, read_id(at, writer, 0), kept)] if persons is None else []
    grounds = kept.basis.split()
    each = (
        [structs.replace(kept, basis=ground) for ground in grounds] if len(grounds) > 1 else [kept] * len(kept.persons)
    )
    return [
        Event(at, read_id(at, writer, number), each[number], person)
        for number, person in enumerate(kept.persons)
        if persons is None or person in persons
    ]


Patients = Mapping[str, str]
"""person_id -> `Patient/[id]`"""
