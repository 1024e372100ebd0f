"""A woman with a DUF number only, Kongsvinger: refused with a reason; she complains."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.DUF, "201612345603")


def play(hub: Hub) -> str:
    patient = person(hub, NUMBER, ("Ahmadi", "Zahra"), "1991-04-11", "female")
    hospital = reporter(hub, "Kongsvinger sykehus")
    hub.post(need(patient, hospital, "3401", "obtained-oral", "Trenger flere tjenester etter operasjon."))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    case.consent()
    case.assess()
    case.decide("refused", "refused", "Behovet er ikke langvarig")
    case.step("complaint", 28, "Klage på avslaget; vurderes på nytt.")
    return "avslag med begrunnelse; klagen er registrert"


STORY = Story("woman-duf", "Kvinne med DUF-nummer, Kongsvinger", NUMBER, play)
