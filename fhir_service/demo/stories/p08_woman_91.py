"""A woman of 91 in Tvedestrand: takes the coordinator, declines the plan; later the hospital tells that she is dead."""

from datetime import UTC, datetime

from fhir_service.demo import messages
from fhir_service.demo._story import Story
from fhir_service.demo.answers import close_by_phone
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, person, tell
from fhir_service.demo.walk import Case
from profiles import names

BORGHILD = messages.Person(
    "17823516045", "Aas", "Borghild", "19350217", "F", "Hovedgata 2", "4900", "Tvedestrand", "4213"
)
ARENDAL = messages.Hospital("DIPS", "Sørlandet sykehus Arendal", "983975240")
NUMBER = (names.FNR, BORGHILD.number)


def play(hub: Hub) -> str:
    home_care = organization(hub, "hjemmetjenesten-tvedestrand", "Hjemmetjenesten i Tvedestrand")
    patient = person(hub.acting("notifier", home_care), NUMBER, ("Aas", "Borghild"), "1935-02-17", "female")
    tell(hub, need(patient, home_care, "4213", "obtained-oral", "Mange tjenester hjemme."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.consent()
    case.assess()
    case.decide(plan="declined-by-person")
    case.appoint(("Strand", "Per"), profession="Hjelpepleier")
    close_by_phone(case)
    hub.send(messages.death(BORGHILD, ARENDAL, datetime.now(UTC).replace(microsecond=0)))
    return "takket nei til plan, beholdt koordinator; meldt død, KE skal avslutte"


STORY = Story("woman-91", "Kvinne, 91, Tvedestrand", NUMBER, play)
