"""Rune, Rælingen: accident, Sunnaas four months, discharged without notice; the GP reports later over FHIR."""

from datetime import UTC, datetime, timedelta

from fhir_service.demo import messages
from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, person, tell
from fhir_service.demo.walk import Case
from profiles import names

RUNE = messages.Person("21868314130", "Vik", "Rune", "19830621", "M", "Skoleveien 9", "2008", "Fjerdingby", "3224")
SUNNAAS = messages.Hospital("DIPS", "Sunnaas sykehus", "883971752")


def play(hub: Hub) -> str:
    out = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
    admitted = out - timedelta(days=120)
    hub.send(messages.admission(RUNE, SUNNAAS, "R-3003", admitted, "S06.2^Diffus hjerneskade^I10"))
    hub.send(messages.discharge(RUNE, SUNNAAS, "R-3003", (admitted, out), "home|"))
    doctor = organization(hub, "raelingen-legesenter", "Rælingen legesenter")
    text = "Utskrevet fra Sunnaas uten varsel; bor alene og trenger flere tjenester."
    # The office knows nothing of the stay: it registers him in its own name, by the same number.
    known_there = person(hub.acting("notifier", doctor), STORY.number, ("Vik", "Rune"), "1983-06-21", "male")
    tell(hub, need(known_there, doctor, "3224", "obtained-oral", text))
    case = Case.of_number(hub, STORY.number)
    case.register()
    case.accept()
    return "utskrevet uten varsel, fastlegen meldte senere: én sak, som KE har tatt imot"


STORY = Story("rune", "Rune, Rælingen: ulykke", (names.FNR, RUNE.number), play)
