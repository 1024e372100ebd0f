"""Bjørn's son, Steinkjer: cerebral palsy; the coordinator is a special educator without HPR number, the family picks
the members; plan in draft.
"""

from fhir_service.demo._story import Story
from fhir_service.demo.circle import join, represent, share
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, parent, person, tell
from fhir_service.demo.walk import Case, Measure
from profiles import names

NUMBER = (names.FNR, "12851653331")


def play(hub: Hub) -> str:
    educators = organization(hub, "ppt-steinkjer", "PPT Steinkjer")
    patient = person(hub.acting("notifier", educators), NUMBER, ("Haugen", "Elias"), "2016-05-12", "male")
    tell(hub, need(patient, educators, "5006", "obtained-written", "Cerebral parese; mange tjenester."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.speaker = parent(case.ke, patient, "Haugen", "Bjørn")
    case.led_from = educators
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Rø", "Anne"), profession="Spesialpedagog")

    physiotherapy = organization(hub, "fysioterapi-steinkjer", "Fysioterapitjenesten i Steinkjer")
    school = organization(hub, "steinkjer-skole", "Steinkjer skole")
    share(case, (physiotherapy, "municipal-health"), (school, "school"))  # whom the family has picked
    physiotherapist = case.employee(("Lien", "Jon"), physiotherapy, "Fysioterapeut")
    join(case, team, physiotherapist, "municipal-health")
    join(case, team, case.employee(("Vold", "Ida"), school, "Kontaktlærer"), "school")
    represent(case, team, case.speaker)
    goal = case.goal("Sykle til skolen", "municipal-health", "school")
    case.draft_plan(team, consent, goal, [Measure("Fysioterapi i skolen", performer=physiotherapist)])
    return "spesialpedagog er koordinator, familien har valgt hvem som er med, plan under arbeid"


STORY = Story("son-of-bjorn", "Bjørns sønn, Steinkjer: cerebral parese", NUMBER, play)
