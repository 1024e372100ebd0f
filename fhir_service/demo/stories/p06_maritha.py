"""Maritha, Tvedestrand: coordinator first, the plan later; a goal in her own words, work training, one consent
withdrawn.
"""

from fhir_service.demo._story import Story
from fhir_service.demo.answers import close_by_phone
from fhir_service.demo.circle import join, share, withdraw
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, person, tell
from fhir_service.demo.walk import Case, Measure
from profiles import names

NUMBER = (names.FNR, "08887915084")
TVEDESTRAND = "Organization/ke-4213"


def play(hub: Hub) -> str:
    patient = person(hub.acting("ke", TVEDESTRAND), NUMBER, ("Lund", "Maritha"), "1979-08-08", "female")
    tell(
        hub, need(patient, patient, "4213", "obtained-oral", "Ønsker koordinator først; arbeidstrening.", "coordinator")
    )
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Holm", "Siri"), profession="Miljøterapeut")
    close_by_phone(case)

    nav = organization(hub, "nav-tvedestrand", "Nav Tvedestrand")
    workshop = organization(hub, "tvedestrand-verksted", "Tvedestrand arbeidstrening")
    shared_with_nav = share(case, (nav, "work-enterprise"))
    share(case, (workshop, "work-enterprise"))
    trainer = case.employee(("Dahl", "Per"), workshop, "Arbeidsleder")
    join(case, team, case.employee(("Lie", "Nora"), nav, "Veileder"), "nav")
    join(case, team, trainer, "work-enterprise")
    goal = case.goal("Jeg vil prøve meg i arbeidstrening to dager i uken", "work-enterprise")
    training = Measure("Arbeidstrening to dager i uken", "work-enterprise", trainer)
    case.activate(case.draft_plan(team, consent, goal, [training, Measure("Samtale hver uke")]))
    withdraw(case, shared_with_nav)
    return "koordinator først, så plan med eget mål; ett samtykke er trukket, så Nav ser ikke arbeidstreningen"


STORY = Story("maritha", "Maritha, Tvedestrand", NUMBER, play)
