"""Kari and Ola's son, 15, Sør-Varanger: congenital disability; a child coordinator, a plan whose review is overdue.

He turns 16 on 30 January 2027, and consents himself from then on.
"""

from fhir_service.demo._story import Story
from fhir_service.demo.circle import join, represent, share
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, parent, person, tell
from fhir_service.demo.walk import Case, Measure
from profiles import names

NUMBER = (names.FNR, "30811152133")
NEED = "Medfødt funksjonsnedsettelse; skolebytte."


def play(hub: Hub) -> str:
    school = organization(hub, "kirkenes-skole", "Kirkenes skole")
    patient = person(hub.acting("notifier", school), NUMBER, ("Johansen", "Mikkel"), "2011-01-30", "male")
    tell(hub, need(patient, school, "5605", "obtained-written", NEED, "child-coordinator"))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.speaker = parent(case.ke, patient, "Johansen", "Kari")
    consent = case.consent()
    case.assess()
    case.decide(child=True)
    team = case.appoint(("Eira", "Marit"), role="child-coordinator", profession="Barnekoordinator")
    share(case, (school, "school"))
    teacher = case.employee(("Nygård", "Tone"), school, "Kontaktlærer")
    represent(case, join(case, team, teacher, "school"), case.speaker)
    goal = case.goal("Gå på samme skole som vennene mine", "school")
    meeting = Measure("Møte mellom ungdomsskole og videregående", "school", teacher)
    plan = case.draft_plan(team, consent, goal, [meeting, Measure("Avlastning annenhver helg")])
    case.review_due(case.activate(plan), days=-10)
    return "barnekoordinator oppnevnt, plan aktiv, evalueringen er forsinket"


STORY = Story("son-of-kari-and-ola", "Kari og Olas sønn, 15, Sør-Varanger", NUMBER, play)
