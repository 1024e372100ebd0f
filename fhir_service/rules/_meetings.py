"""Meetings about the plan, told by what they are (workflow.md 5 IpMeeting)."""

from fhir_service.rules._elements import code_in
from fhir_service.rules._model import Settings
from profiles import names
from profiles.code_systems import display
from profiles.resource import Resource

BEFORE_DISCHARGE = "utskrivningsmote"
"""The hospital's own: not counted, and no first meeting."""
HOME = "HH"
"""Class of a visit at home.  https://terminology.hl7.org/ValueSet-v3-ActEncounterCode.html"""


def meeting_kind(encounter: Resource | None) -> str | None:
    """`samarbeidsmote`, `evaluering` .. of an Encounter; None: no meeting about a plan."""
    return code_in((encounter or {}).get("type"), names.MEETING_KIND)


def meeting_name(code: str, settings: Settings) -> str:
    """What a kind of meeting is called in this municipality (decision 6)."""
    return settings.meeting_names.get(code) or display(names.MEETING_KIND, code) or code


def is_home_visit(encounter: Resource) -> bool:
    """Whether somebody came to where the person lives."""
    held = encounter.get("class")
    return isinstance(held, dict) and (held.get("system"), held.get("code")) == (names.V3_ACT_CODE, HOME)


def is_held(encounter: Resource | None) -> bool:
    """Whether it has taken place."""
    return (encounter or {}).get("status") == "finished"
