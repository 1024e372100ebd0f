"""A man moving from Bergen to Malvik: his plan is to be handed over; his address is protected."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, person, tell
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "25905817151")
HIDDEN = "Skjulestien 13"
"""Where he lives: nobody who does not need it reads it anywhere."""


def play(hub: Hub) -> str:
    restricted = {"system": names.V3_CONFIDENTIALITY, "code": "R"}
    clinic = organization(hub, "haukeland-rehabilitering", "Haukeland universitetssjukehus, rehabilitering")
    registrar, protected = hub.acting("notifier", clinic), {"security": [restricted]}
    name, address = ("Solheim", "Geir"), [{"use": "home", "line": [HIDDEN], "district": "4601"}]
    patient = person(registrar, NUMBER, name, "1958-10-25", "male", meta=protected, address=address)
    tell(hub, need(patient, clinic, "4601", "obtained-written", "Rehabilitering over lang tid."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Vågen", "Liv"))
    plan = case.activate(case.draft_plan(team, consent, "Bo i egen bolig i Malvik", ["Opptrening", "Finne bolig"]))
    case.consent("transfer")
    malvik = case.ke.one("Organization", identifier=f"{names.MUNICIPALITY}|5031")
    case.step(
        "handover-plan",
        30,
        "Planen overføres til Malvik når kommunen tar imot.",
        focus={"reference": f"CarePlan/{plan['id']}"},
        owner={"reference": f"Organization/{malvik['id']}"},
    )
    return "plan aktiv i Bergen, overføring til Malvik venter på svar"


STORY = Story("man-moving", "Mann fra Bergen til Malvik", NUMBER, play)
