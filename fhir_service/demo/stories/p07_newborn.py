"""A newborn in Ålesund under a help number: told by phone by the mother; a home visit, the case waits for consent."""

from datetime import UTC, datetime, timedelta

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, parent, person
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FHN, "81234567802")


def play(hub: Hub) -> str:
    born = (datetime.now(UTC) - timedelta(weeks=3)).date().isoformat()
    patient = person(hub, NUMBER, ("Nyfødt", "Jente"), born, "female")
    mother = parent(hub, patient, "Nyfødt", "Mor")
    text = "Foreldrene ringte: barn med store behov."
    hub.post(need(patient, mother, "1508", "not-asked", text, "child-coordinator"))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.step("home-visit", 14, "Hjemmebesøk hos familien.")
    return "muntlig meldt under hjelpenummer, hjemmebesøk avtales, venter på samtykke"


STORY = Story("newborn", "Nyfødt, Ålesund", NUMBER, play)
