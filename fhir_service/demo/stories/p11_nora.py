"""Nora, 8, Heimdal in Trondheim: of the four districts and their two offices each, hers is found by her address."""

from fhir_service.demo._story import Story
from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import by_number, need, parent, person, tell
from fhir_service.demo.walk import Case
from profiles import names

NUMBER = (names.FNR, "09841866557")
HEIMDAL = {"system": names.URBAN_DISTRICT, "code": "500104", "display": "Heimdal"}
HOME = {
    "use": "home",
    "extension": [{"url": f"{names.NO_BASIS}/no-basis-urban-district", "valueCoding": HEIMDAL}],
    "line": ["Heimdalsvegen 1"],
    "city": "Heimdal",
    "district": "Trondheim",
    "_district": {
        "extension": [
            {
                "url": f"{names.NO_BASIS}/no-basis-municipalitycode",
                "valueCoding": {"system": names.MUNICIPALITY, "code": "5001"},
            }
        ]
    },
    "postalCode": "7080",
}


def play(hub: Hub) -> str:
    ke = hub.acting("ke", "Organization/ke-5001")  # knows the family
    patient = person(ke, NUMBER, ("Aune", "Nora"), "2018-04-09", "female", address=[HOME])
    mother = parent(ke, patient, "Aune", "Silje")
    wanted = need(patient, mother, None, "obtained-written", "Epilepsi; skole, avlastning og sykehus.")
    tell(hub, wanted | {"subject": by_number(NUMBER)})
    case = Case.of_patient(hub, patient)
    case.register()
    return f"mor meldte; saken er registrert hos {case.task['owner']['display']}"


STORY = Story("nora", "Nora, 8, Heimdal i Trondheim", NUMBER, play)
