"""What a municipality calls its meetings is what people read (decision 6)."""

from fhir_service.rules import Settings
from tests.unit.rules.world import world_at


def test_meeting_is_called_what_the_municipality_calls_it() -> None:
    world = world_at("in-progress")
    world.settings = Settings(meeting_names={"avklaringsmote": "Kartleggingsmøte"})
    world.move("in-progress", "clarification-meeting")
    (meeting,) = world.of("Appointment")
    assert meeting["appointmentType"]["text"] == "Kartleggingsmøte"
    assert meeting["appointmentType"]["coding"][0]["code"] == "avklaringsmote"


def test_meeting_without_a_name_of_its_own_has_the_usual_one() -> None:
    world = world_at("in-progress")
    world.move("in-progress", "clarification-meeting")
    assert world.of("Appointment")[0]["appointmentType"]["text"] == "Avklaringsmøte"
