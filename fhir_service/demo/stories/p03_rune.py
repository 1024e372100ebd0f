"""Rune, Rælingen: accident, Sunnaas four months, discharged without notice; the GP reports later over FHIR."""

from datetime import UTC, datetime, timedelta

from fhir_service.demo import messages
from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, reporter
from profiles import names

RUNE = messages.Person("21868314130", "Vik", "Rune", "19830621", "M", "Skoleveien 9", "2008", "Fjerdingby", "3224")
SUNNAAS = messages.Hospital("DIPS", "Sunnaas sykehus", "883971752")


def play(hub: Hub) -> str:
    out = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
    admitted = out - timedelta(days=120)
    hub.send(messages.admission(RUNE, SUNNAAS, "R-3003", admitted, "S06.2^Diffus hjerneskade^I10"))
    hub.send(messages.discharge(RUNE, SUNNAAS, "R-3003", (admitted, out), "home|"))
    patient = hub.one("Patient", identifier=f"{names.FNR}|{RUNE.number}")
    doctor = reporter(hub, "Rælingen legesenter")
    text = "Utskrevet fra Sunnaas uten varsel; bor alene og trenger flere tjenester."
    hub.post(need(f"Patient/{patient['id']}", doctor, "3224", "obtained-oral", text))
    return "utskrevet uten varsel; fastlegen meldte, saken er ny hos KE"


STORY = Story("rune", "Rune, Rælingen: ulykke", (names.FNR, RUNE.number), play)
