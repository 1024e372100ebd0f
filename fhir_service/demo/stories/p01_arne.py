"""Arne, 55, Trondheim: stroke, St. Olavs, a plan made in hospital, discharged to rehabilitation; the plan goes on."""

from datetime import UTC, datetime, timedelta

from fhir_service.demo import messages
from fhir_service.demo._story import Story
from fhir_service.demo.circle import join, share
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import organization
from fhir_service.demo.walk import Case, Measure
from profiles import names

ARNE = messages.Person("14837112126", "Moen", "Arne", "19710314", "M", "Kongens gate 1", "7011", "Trondheim", "5001")
NEED = "Hjerneslag. Trenger fysioterapeut fem ganger i uken og logoped over lang tid; vil tilbake i arbeid."
MEASURES = ["Fysioterapi fem ganger i uken", "Logoped to ganger i uken", "Samtale med arbeidsgiver og Nav"]


def play(hub: Hub) -> str:
    today = datetime.now(UTC).replace(microsecond=0)
    admitted = today - timedelta(days=12)
    hub.send(messages.admission(ARNE, messages.ST_OLAVS, "A-1001", admitted, "I63.9^Hjerneinfarkt^I10"))
    hub.send(messages.referral(ARNE, messages.ST_OLAVS, "A-1001", admitted + timedelta(days=3), NEED))
    patient = hub.one("Patient", identifier=f"{names.FNR}|{ARNE.number}")
    case = Case.of_patient(hub, f"Patient/{patient['id']}")
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Berg", "Kari"), profession="Fysioterapeut")

    nav, lian = organization(hub, "nav-trondheim", "Nav Trondheim"), organization(hub, "lian", "Lian rehabilitering")
    share(case, (nav, "nav"), (lian, "trust"))
    adviser = case.employee(("Sand", "Eva"), nav, "Veileder")
    contact = case.employee(("Hoel", "Nils"), lian, "Kontaktperson")
    join(case, team, adviser, "nav")
    join(case, team, contact, "trust")
    physiotherapy, speech, work = MEASURES
    measures = [Measure(physiotherapy), Measure(speech, "trust", contact), Measure(work, "nav", adviser)]
    goal = case.goal("Jeg vil tilbake i jobben min", "nav", "trust")
    plan = case.activate(case.draft_plan(team, consent, goal, measures))
    to = "rehab|Lian rehabiliteringssenter"
    hub.send(messages.discharge(ARNE, messages.ST_OLAVS, "A-1001", (admitted, today), to))
    case.done(case.step("map-needs", 7, "Innsatsteamet kartlegger behov på rehabiliteringssenteret."))
    return f"innlagt, meldt, plan aktiv (CarePlan/{plan['id']}), utskrevet til rehabilitering"


STORY = Story("arne", "Arne, 55, Trondheim: hjerneslag", (names.FNR, ARNE.number), play)
