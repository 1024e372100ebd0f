"""A man moving from Bergen to Malvik: his plan is to be handed over; his address is protected."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, reporter
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "25905817151")


def play(hub: Hub) -> str:
    restricted = {"system": names.V3_CONFIDENTIALITY, "code": "R"}
    stored = hub.post(
        {
            "resourceType": "Patient",
            "meta": {"security": [restricted]},
            "identifier": [{"system": NUMBER[0], "value": NUMBER[1]}],
            "name": [{"family": "Solheim", "given": ["Geir"]}],
            "gender": "male",
            "birthDate": "1958-10-25",
        }
    )
    patient = f"Patient/{stored['id']}"
    clinic = reporter(hub, "Haukeland universitetssjukehus, rehabilitering")
    hub.post(need(patient, clinic, "4601", "obtained-written", "Rehabilitering over lang tid."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Vågen", "Liv"))
    plan = case.activate(case.draft_plan(team, consent, "Bo i egen bolig i Malvik", ["Opptrening", "Finne bolig"]))
    case.consent("transfer")
    malvik = hub.one("Organization", identifier=f"{names.MUNICIPALITY}|5031")
    case.step(
        "handover-plan",
        30,
        "Planen overføres til Malvik når kommunen tar imot.",
        focus={"reference": f"CarePlan/{plan['id']}"},
        owner={"reference": f"Organization/{malvik['id']}"},
    )
    return "plan aktiv i Bergen, overføring til Malvik venter på svar"


STORY = Story("man-moving", "Mann fra Bergen til Malvik", NUMBER, play)
