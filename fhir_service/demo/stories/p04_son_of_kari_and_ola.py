"""Kari and Ola's son, 15, Sør-Varanger: congenital disability; a child coordinator, a plan whose review is overdue."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "30811152133")


def play(hub: Hub) -> str:
    patient = person(hub, NUMBER, ("Johansen", "Mikkel"), "2011-01-30", "male")
    school = reporter(hub, "Kirkenes skole")
    hub.post(
        need(
            patient,
            school,
            "5605",
            "obtained-written",
            "Medfødt funksjonsnedsettelse; skolebytte.",
            "child-coordinator",
        )
    )
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide(child=True)
    team = case.appoint(("Eira", "Marit"), role="child-coordinator", profession="Barnekoordinator")
    goal = "Gå på samme skole som vennene mine"
    plan = case.draft_plan(
        team, consent, goal, ["Møte mellom ungdomsskole og videregående", "Avlastning annenhver helg"]
    )
    case.review_due(case.activate(plan), days=-10)
    return "barnekoordinator oppnevnt, plan aktiv, evalueringen er forsinket"


STORY = Story("son-of-kari-and-ola", "Kari og Olas sønn, 15, Sør-Varanger", NUMBER, play)
