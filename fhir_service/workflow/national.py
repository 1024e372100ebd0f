"""The identifiers that are one person wherever they are met, in their normal form (domain.md 3)."""

from fhir_service.storage.port import Identifier
from profiles import names
from profiles.resource import Resource


def national_identifiers(element: Resource) -> tuple[Identifier, ...]:
    """Those of a Patient, the former ones (`use` old, or with an end) as well: a number stays the person's."""
    found = (normal_identifier(i) for i in element.get("identifier", ()))
    return tuple(dict.fromkeys(i for i in found if i))


def normal_identifier(identifier: Resource) -> Identifier | None:
    """(system, value) of a national person identifier: `urn:oid:` added, blanks taken out. None for any other one."""
    system = str(identifier.get("system", ""))
    system = system if system.startswith(names.OID) else names.OID + system
    value = "".join(str(identifier.get("value", "")).split())
    return (system, value) if system in names.PERSON_SYSTEMS and value else None


def patient_target(reference: Resource, base_url: str) -> str | Identifier | None:
    """The Patient id, or the national identifier, that a Reference names; None if neither is one of ours."""
    literal = str(reference.get("reference", "")).removeprefix(base_url + "/")
    parts = literal.split("/")
    if len(parts) in (2, 4) and parts[0] == "Patient":
        return parts[1]
    return normal_identifier(reference.get("identifier", {}))
