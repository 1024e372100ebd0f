"""PV2 of a stay, and the time at which a stay is to end (hl7v2-mapping.md 9, 2)."""

from collections.abc import Iterable
from html import escape
from typing import Final

from mappings.hl7v2.datatypes import mapped
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.reading import Reading, first_item, value
from profiles import names
from profiles.r4_types import Encounter, Extension

PLANNED_END: Final = f"{names.EXTENSION_R5}Encounter.plannedEndDate"


def from_pv2(pv2: Segment | None, reading: Reading) -> Encounter:
    """PV2-8, -9, -11, -12, -22, -38."""
    told: Encounter = {}
    if extensions := list(_extensions(pv2, reading)):
        told["extension"] = extensions
    if days := value(pv2, 11):
        if days.isdecimal():
            told["length"] = {"value": int(days), "unit": "d", "system": names.UCUM, "code": "d"}
        else:
            reading.warn("bad-number", "PV2-11", "The length of the stay is not a number of days; left out.")
    if text := value(pv2, 12):
        div = f'<div xmlns="{names.XHTML}">{escape(text)}</div>'
        told["text"] = {"status": "additional", "div": div}
    if value(pv2, 22).upper() == "Y":
        told["meta"] = {"security": [{"system": names.V3_CONFIDENTIALITY, "code": "R", "display": "restricted"}]}
    return told


def planned_end(segments: tuple[Segment, Segment | None], reading: Reading) -> list[Extension]:
    """When the stay is to end, where the message plans it (A16)."""
    pv1, pv2 = segments
    places = ((pv2, 9), (reading.message.first("EVN"), 3), (pv1, 45))
    when = next((w for segment, number in places if (w := reading.time_of(segment, number))), None)
    if when is None:
        reading.warn("field-required", "PV2-9", "The planned discharge states no time; nothing was noted of it.")
        return []
    return [{"url": PLANNED_END, "valueDateTime": when.value}]


def _extensions(pv2: Segment | None, reading: Reading) -> Iterable[Extension]:
    for number, url in ((8, f"{names.EXTENSION_R5}Encounter.plannedStartDate"), (9, PLANNED_END)):
        if when := reading.time_of(pv2, number):
            yield {"url": url, "valueDateTime": when.value}
    item = first_item(pv2, 38)
    arrival = mapped(item, "v2-0430-mode-of-arrival", reading)
    if arrival and (codings := arrival.get("coding")):
        yield {"url": f"{names.HL7_EXTENSION}/encounter-modeOfArrival", "valueCoding": codings[0]}
