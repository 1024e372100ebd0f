"""What a bulk export tells: types, and of whom.  Pure but for the lookup of the group.

https://hl7.org/fhir/uv/bulkdata/export.html
"""

from collections.abc import Iterable, Sequence

import msgspec

from fhir_service.principal import Principal
from fhir_service.search import extract
from fhir_service.storage.port import Stored
from fhir_service.workflow.versions import parse_body
from profiles.definitions import compartment

PATIENT = "Patient"


class Asked(msgspec.Struct, frozen=True):
    """What somebody asked for; kept with the job.

    `request`: the address of the kick-off; `level`: `system`, `patient` or `group`; `patients`: ids, None for all;
    `since`: microseconds since 1970 UTC.
    """

    request: str
    level: str
    rtypes: tuple[str, ...]
    by: Principal
    since: int | None = None
    patients: tuple[str, ...] | None = None


def types_at(level: str, rtypes: Iterable[str]) -> tuple[str, ...]:
    """The types that an export of this level can tell: all, or those that can be in the compartment of a patient."""
    if level == "system":
        return tuple(rtypes)
    return tuple(rtype for rtype in rtypes if rtype == PATIENT or compartment(PATIENT, rtype))


def selected(asked: Asked, versions: Sequence[Stored], base_url: str) -> list[bytes]:
    """The lines of what belongs to the export: a resource each, without a line break in it."""
    return [
        _line(v.body) for v in versions if not v.deleted and (asked.level == "system" or _is_of(asked, v, base_url))
    ]


def _line(body: bytes) -> bytes:
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


def _is_of(asked: Asked, version: Stored, base_url: str) -> bool:
    """Whether the resource is in the compartment of one of the patients.

    https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    """
    if version.rtype == PATIENT:
        return asked.patients is None or version.rid in asked.patients
    named = compartment(PATIENT, version.rtype)
    rows = extract(parse_body(version.body), base_url).references
    patients = {rid for name, rtype, rid, _ in rows if rtype == PATIENT and rid and name in named}
    return bool(patients) if asked.patients is None else not patients.isdisjoint(asked.patients)
