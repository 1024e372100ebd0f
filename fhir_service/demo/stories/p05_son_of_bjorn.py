"""Bjørn's son, Steinkjer: cerebral palsy; the coordinator is a special educator without HPR number; plan in draft."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "12851653331")


def play(hub: Hub) -> str:
    patient = person(hub, NUMBER, ("Haugen", "Elias"), "2016-05-12", "male")
    hub.post(
        need(patient, reporter(hub, "PPT Steinkjer"), "5006", "obtained-written", "Cerebral parese; mange tjenester.")
    )
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Rø", "Anne"), profession="Spesialpedagog")
    case.draft_plan(team, consent, "Sykle til skolen", ["Fysioterapi i barnehage og skole"])
    return "spesialpedagog er koordinator, plan under arbeid"


STORY = Story("son-of-bjorn", "Bjørns sønn, Steinkjer: cerebral parese", NUMBER, play)
