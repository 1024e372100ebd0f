"""A newborn in Ålesund under a help number, then with a national number: told by phone by the parents; a home visit,
the case waits for consent.
"""

from datetime import UTC, datetime, timedelta

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, parent, person
from fhir_service.demo.numbers import child_number
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FHN, "81234567802")
ALESUND = "Organization/ke-1508"


def play(hub: Hub) -> str:
    born = (datetime.now(UTC) - timedelta(weeks=3)).date()
    ke = hub.acting("ke", ALESUND)  # writes on behalf of the parents, who phoned (workflow.md 1)
    patient = person(ke, NUMBER, ("Nyfødt", "Jente"), born.isoformat(), "female")
    mother = parent(ke, patient, "Nyfødt", "Mor")
    text = "Foreldrene ringte: barn med store behov."
    ke.post(need(patient, mother, "1508", "not-asked", text, "child-coordinator"))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.done(case.step("home-visit", 14, "Hjemmebesøk hos familien."))

    national = {"use": "official", "system": names.FNR, "value": child_number(born, "female")}
    known = ke.read(patient)
    help_number = known["identifier"][0] | {"use": "old"}
    ke.put(known, identifier=[national, help_number])
    return "muntlig meldt under hjelpenummer, besøkt hjemme, har fått fødselsnummer; venter på samtykke"


STORY = Story("newborn", "Nyfødt, Ålesund", NUMBER, play)
