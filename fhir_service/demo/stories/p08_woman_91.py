"""A woman of 91 in Tvedestrand: takes the coordinator, declines the plan."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "17823516045")


def play(hub: Hub) -> str:
    patient = person(hub, NUMBER, ("Aas", "Borghild"), "1935-02-17", "female")
    home_care = reporter(hub, "Hjemmetjenesten i Tvedestrand")
    hub.post(need(patient, home_care, "4213", "obtained-oral", "Mange tjenester hjemme."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.consent()
    case.assess()
    case.decide(plan="declined-by-person")
    case.appoint(("Strand", "Per"), profession="Hjelpepleier")
    return "takket nei til plan, beholder koordinator"


STORY = Story("woman-91", "Kvinne, 91, Tvedestrand", NUMBER, play)
