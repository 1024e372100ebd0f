"""Maritha, Tvedestrand: coordinator first; the plan comes later."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person
from fhir_service.demo.walk import Case
from profiles import names


def play(hub: Hub) -> str:
    patient = person(hub, (names.FNR, "08887915084"), ("Lund", "Maritha"), "1979-08-08", "female")
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
    return "koordinator oppnevnt; planen kommer senere"


STORY = Story("maritha", "Maritha, Tvedestrand", play)
