"""A woman with a DUF number only, Kongsvinger: the hospital has to ask for its answer twice; refused with a reason;
she complains.
"""

from fhir_service.demo._story import Story
from fhir_service.demo.answers import remind
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, organization, person, tell
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.DUF, "201612345603")


def play(hub: Hub) -> str:
    hospital = organization(hub, "kongsvinger-sykehus", "Kongsvinger sykehus")
    patient = person(hub.acting("notifier", hospital), NUMBER, ("Ahmadi", "Zahra"), "1991-04-11", "female")
    tell(hub, need(patient, hospital, "3401", "obtained-oral", "Trenger flere tjenester etter operasjon."))
    case = Case.of_patient(hub, patient)
    case.register()
    remind(case, hospital, NUMBER)
    case.accept()
    case.consent()
    case.assess()
    case.decide("refused", "refused", "Behovet er ikke langvarig")
    remind(case, hospital, NUMBER)
    case.step("complaint", 28, "Klage på avslaget; vurderes på nytt.")
    return "sykehuset purret to ganger; avslag med begrunnelse; klagen er registrert"


STORY = Story("woman-duf", "Kvinne med DUF-nummer, Kongsvinger", NUMBER, play)
