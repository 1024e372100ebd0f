"""Invariants of appointments.  https://hl7.org/fhir/R4/appointment.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import Json, Rule, both_or_neither, either, has, only_when, text


def _has_time(value: Json) -> bool:
    timed = has(value, "start") and has(value, "end")
    return timed or text(value, "status") in ("proposed", "cancelled", "waitlist")


APPOINTMENTS: Mapping[str, Mapping[str, Rule]] = {
    "Appointment": {
        # app-2: start.exists() = end.exists()
        "app-2": both_or_neither("start", "end"),
        # app-3: (start.exists() and end.exists()) or (status in ('proposed' | 'cancelled' | 'waitlist'))
        "app-3": _has_time,
        # app-4: Appointment.cancelationReason.exists() implies (Appointment.status='no-show' or
        #   Appointment.status='cancelled')
        "app-4": only_when("cancelationReason", "status", "no-show", "cancelled"),
    },
    # app-1: type.exists() or actor.exists()
    "Appointment.participant": {"app-1": either("type", "actor")},
    # apr-1: participantType.exists() or actor.exists()
    "AppointmentResponse": {"apr-1": either("participantType", "actor")},
}
