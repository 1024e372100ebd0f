"""The person: where they stay, how old they are, whether they agreed (workflow.md 4.7, domain.md 7)."""

from collections.abc import Iterator
from datetime import date

from fhir_service.rules._elements import code_in, extension, first_by_id, part, reference, several
from fhir_service.rules._kinds import is_inpatient
from fhir_service.rules._model import Standing
from fhir_service.rules._times import age_on, is_open
from profiles import names
from profiles.resource import Resource

MUNICIPALITY_CODE = names.NO_BASIS + "/no-basis-municipalitycode"
URBAN_DISTRICT = names.NO_BASIS + "/no-basis-urban-district"
PAST = ("old", "temp")


def patient_of(standing: Standing, wanted: str | None = None) -> Resource | None:
    """The Patient with that reference; otherwise the person's first one that says where they stay."""
    found = standing.get(wanted)
    if found is not None:
        return found
    patients = first_by_id(standing.of("Patient"))
    return next((p for p in patients if municipality_of(p)), patients[0] if patients else None)


def _addresses(patient: Resource) -> list[Resource]:
    """Present addresses first: what has an end is left, or is going to be."""
    return sorted(several(patient.get("address")), key=lambda a: a.get("use") in PAST or not is_open(a.get("period")))


def municipality_of(patient: Resource) -> str | None:
    """The number of the municipality in the person's address: no-basis-municipalitycode, else four digits."""
    for address in _addresses(patient):
        for holder in (address.get("_district"), address):
            code = part(extension(holder, MUNICIPALITY_CODE), "valueCoding", "code")
            if isinstance(code, str):
                return code
        district = address.get("district")
        if isinstance(district, str) and len(district) == len("5001") and district.isdigit():
            return district
    return None


def districts_of(patient: Resource) -> Iterator[str]:
    """What an urban district may be called in routing: number, name, or the plain district of the address."""
    for address in _addresses(patient):
        coding = part(extension(address, URBAN_DISTRICT), "valueCoding") or {}
        yield from (str(v) for v in (coding.get("code"), coding.get("display"), address.get("district")) if v)


def age_of(patient: Resource | None, today: date) -> int | None:
    """The person's age in full years."""
    return age_on((patient or {}).get("birthDate"), today)


def is_dead(patient: Resource) -> bool:
    """Whether the Patient is said to be dead.  https://hl7.org/fhir/R4/patient.html"""
    return bool(patient.get("deceasedDateTime") or patient.get("deceasedBoolean"))


def plan_consent(standing: Standing) -> Resource | None:
    """The active consent to make a plan."""
    consents = (c for c in standing.of("Consent") if c.get("status") == "active")
    return next(
        (c for c in first_by_id(consents) if code_in(c.get("category"), names.CONSENT_KIND) == "plan-creation"), None
    )


def open_stay(standing: Standing) -> Resource | None:
    """The hospital stay that the person is in now."""
    stays = (e for e in standing.of("Encounter") if e.get("status") == "in-progress" and is_inpatient(e))
    return next(iter(first_by_id(stays)), None)


def display_of(standing: Standing, wanted: Resource | None) -> str | None:
    """What a Reference calls its target, else its own name, where it is at hand: of a role that of its holder."""
    if not wanted:
        return None
    if isinstance(wanted.get("display"), str):
        return str(wanted["display"])
    target = standing.get(reference(wanted))
    if (target or {}).get("resourceType") == "PractitionerRole":
        held = target or {}
        return display_of(standing, held.get("practitioner")) or display_of(standing, held.get("organization"))
    return _name(target)


def _name(target: Resource | None) -> str | None:
    name = (target or {}).get("name")
    if isinstance(name, str):
        return name
    for human in several(name):
        whole = human.get("text") or " ".join([*several(human.get("given")), *several(human.get("family"))])
        if whole:
            return str(whole)
    return None
