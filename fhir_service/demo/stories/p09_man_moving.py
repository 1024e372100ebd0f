"""A man in Bergen with a plan in force, who is going to move to Malvik; his address is protected."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, reporter
from fhir_service.demo.walk import Case
from profiles import names


def play(hub: Hub) -> str:
    restricted = {"system": names.V3_CONFIDENTIALITY, "code": "R"}
    stored = hub.post(
        {
            "resourceType": "Patient",
            "meta": {"security": [restricted]},
            "identifier": [{"system": names.FNR, "value": "25905817151"}],
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
    case.activate(case.draft_plan(team, consent, "Bo i egen bolig i Malvik", ["Opptrening", "Finne bolig"]))
    return "plan aktiv i Bergen, skal flytte til Malvik"


STORY = Story("man-moving", "Mann fra Bergen til Malvik", play)
