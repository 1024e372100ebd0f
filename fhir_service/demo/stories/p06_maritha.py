"""Maritha, Tvedestrand: coordinator first, the plan comes later; a goal in her own words, one consent withdrawn."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "08887915084")


def play(hub: Hub) -> str:
    patient = person(hub, NUMBER, ("Lund", "Maritha"), "1979-08-08", "female")
    hub.post(
        need(patient, patient, "4213", "obtained-oral", "Ønsker koordinator først; arbeidstrening.", "coordinator")
    )
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.consent()
    case.assess()
    case.decide()
    case.appoint(("Holm", "Siri"), profession="Miljøterapeut")
    case.goal("Jeg vil prøve meg i arbeidstrening to dager i uken")
    hub.put(case.consent("plan-sharing"), status="inactive")
    return "koordinator oppnevnt, eget mål, ett samtykke trukket; planen kommer senere"


STORY = Story("maritha", "Maritha, Tvedestrand", NUMBER, play)
