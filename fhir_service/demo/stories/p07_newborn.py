"""A newborn in Ålesund under a help number: the parents told it by phone; the case waits for consent."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person
from fhir_service.demo.walk import Case
from profiles import names


def play(hub: Hub) -> str:
    patient = person(hub, (names.FHN, "81234567802"), ("Nyfødt", "Jente"), "2026-11-01", "female")
    hub.post(
        need(patient, patient, "1508", "not-asked", "Foreldrene ringte: barn med store behov.", "child-coordinator")
    )
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    return "muntlig meldt under hjelpenummer, venter på samtykke"


STORY = Story("newborn", "Nyfødt, Ålesund", play)
