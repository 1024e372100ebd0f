"""Lars, Arendal: stroke, hospital in Kristiansand; needs mapped on the ward, a meeting gives the coordinator."""

from datetime import UTC, datetime, timedelta

from fhir_service.demo import messages
from fhir_service.demo._story import Story
from fhir_service.demo.circle import meet
from fhir_service.demo.hub import Hub
from fhir_service.demo.walk import Case
from profiles import names

LARS = messages.Person("02896413107", "Dal", "Lars", "19640902", "M", "Langbryggen 3", "4841", "Arendal", "4203")
KRISTIANSAND = messages.Hospital("DIPS", "Sørlandet sykehus Kristiansand", "983975240")


def play(hub: Hub) -> str:
    admitted = datetime.now(UTC).replace(microsecond=0) - timedelta(days=6)
    hub.send(messages.admission(LARS, KRISTIANSAND, "L-2002", admitted, "I61.9^Hjerneblødning^I10"))
    text = "Hjerneslag; kontoret kartlegger på avdelingen."
    hub.send(messages.referral(LARS, KRISTIANSAND, "L-2002", admitted + timedelta(days=1), text))
    patient = hub.one("Patient", identifier=f"{names.FNR}|{LARS.number}")
    case = Case.of_patient(hub, f"Patient/{patient['id']}")
    case.register()
    case.accept()
    case.consent()
    case.assess()
    case.done(case.step("map-needs", 7, "Tjenestekontoret kartlegger behov på avdelingen."))
    case.decide()
    meet(case, case.appoint(("Nilsen", "Tor"), profession="Ergoterapeut"))
    return "innlagt, meldt, behov kartlagt på avdelingen, et nettverksmøte ga koordinator; planen er ikke begynt"


STORY = Story("lars", "Lars, Arendal: hjerneslag", (names.FNR, LARS.number), play)
