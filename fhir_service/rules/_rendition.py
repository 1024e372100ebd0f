"""A plan as a page that anybody can read and print (workflow.md 4.6 P2): content a-i of domain.md 2.2, no address.

Plain HTML without scripts: everything that somebody wrote is escaped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import escape

from fhir_service.rules._addressed import told_coordinator
from fhir_service.rules._elements import code_in, codings, extension, part, reference, several
from fhir_service.rules._model import Standing
from fhir_service.rules._people import display_of, patient_of, plan_consent
from fhir_service.rules._plan import goals_of, next_review
from fhir_service.rules._team import coordinators
from fhir_service.rules._times import is_open, parse_date
from fhir_service.rules._words import word
from profiles import names
from profiles.code_systems import display
from profiles.resource import Resource

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = "body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:50rem}h2{border-bottom:1px solid #ccc}"


@dataclass(frozen=True, slots=True)
class Told:
    """A plan, what stands about its person, and for whom it is told. `today`: when it is made."""

    plan: Resource
    standing: Standing
    language: str
    today: date

    def word(self, key: str) -> str:
        return word(key, self.language)

    def day(self, text: object) -> str:
        """A date as people write it; what is no full date as it is."""
        found = parse_date(str(text)[: len("2026-11-22")]) if text else None
        if found is None:
            return str(text or "")
        return found.isoformat() if self.language == "en" else f"{found:%d.%m.%Y}"

    def time(self, period: object) -> str:
        """A Period: from day to day, or the end of it that is stated."""
        start, end = (self.day(part(period, name)) for name in ("start", "end"))
        if start and end:
            return f"{start} - {end}"
        return f"{self.word('from')} {start}" if start else f"{self.word('until')} {end}" if end else ""


def page(told: Told) -> str:
    """The whole page."""
    sections = "".join(_section(told.word(heading), lines) for heading, lines in _sections(told))
    title = escape(str(told.plan.get("title") or told.word("plan")))
    return (
        f'<!doctype html><html lang="{told.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{_facts(told)}{sections}</body></html>"
    )


def _section(heading: str, lines: list[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>" if lines else ""


def _facts(told: Told) -> str:
    rows = "".join(f"<dt>{escape(told.word(key))}</dt><dd>{escape(text)}</dd>" for key, text in _stated(told) if text)
    return f"<dl>{rows}</dl>"


def _stated(told: Told) -> Iterator[tuple[str, str]]:
    plan, standing = told.plan, told.standing
    patient = patient_of(standing, reference(plan.get("subject"))) or {}
    number: Resource = next((i for i in several(plan.get("identifier")) if i.get("system") == names.PLAN_NUMBER), {})
    consent = plan_consent(standing) or {}
    yield "for", display_of(standing, plan.get("subject")) or ""
    yield "born", told.day(patient.get("birthDate"))
    yield "number", str(number.get("value", ""))
    yield "made", told.day(told.today.isoformat())
    yield "period", told.time(plan.get("period"))
    yield "review", told.day(next_review(plan))
    yield "consent", f"{told.word('consented')} {told.day(consent.get('dateTime'))}" if consent else ""


def _sections(told: Told) -> Iterator[tuple[str, list[str]]]:
    plan = told.plan
    yield "coordinator", list(_coordinator(told))
    yield "needs", [str(plan["description"])] if plan.get("description") else []
    yield "goals", [t for g in goals_of(told.standing, plan) if (t := part(g, "description", "text"))]
    yield "measures", [_measure(told, activity) for activity in several(plan.get("activity"))]
    yield "participants", list(_participants(told))
    yield "contributions", list(_contributions(told))


def _team(told: Told) -> Resource:
    return next((t for r in several(told.plan.get("careTeam")) if (t := told.standing.get(reference(r)))), {})


def _coordinator(told: Told) -> Iterator[str]:
    for _, participant in coordinators(_team(told)):
        value = told_coordinator(told.standing, participant, _role(told, participant))
        yield ", ".join(v for v in (value["name"], value.get("unit"), value.get("phone")) if v)


def _participants(told: Told) -> Iterator[str]:
    for participant in several(_team(told).get("participant")):
        if is_open(participant.get("period")):
            who = told_coordinator(told.standing, participant, told.word("unnamed"))
            yield f"{who['name']} ({_role(told, participant)})"


def _role(told: Told, participant: Resource) -> str:
    code = code_in(participant.get("role"), names.TEAM_ROLE) or ""
    return display(names.TEAM_ROLE, code, told.language) or code


def _contributions(told: Told) -> Iterator[str]:
    for one in several(told.plan.get("extension")):
        what = part(extension(one, "what"), "valueString") if one.get("url") == names.IP_CONTRIBUTION else None
        if what:
            who = display_of(told.standing, part(extension(one, "who"), "valueReference"))
            yield f"{who}: {what}" if who else str(what)


def _measure(told: Told, activity: Resource) -> str:
    """One line: what it is, who is responsible, how much, how."""
    detail = activity.get("detail") or told.standing.get(reference(activity.get("reference"))) or {}
    what = (
        _called(detail.get("code")) or detail.get("description") or display_of(told.standing, activity.get("reference"))
    )
    performers = several(detail.get("performer")) or several(detail.get("owner"))
    responsible = [display_of(told.standing, p) or told.word("unnamed") for p in performers]
    how = detail.get("description") if _called(detail.get("code")) else None
    told_more = (("responsible", ", ".join(responsible)), ("extent", _extent(told, detail)), ("how", how))
    return ". ".join([str(what or told.word("none")), *(f"{told.word(k)}: {v}" for k, v in told_more if v)])


def _called(concept: object) -> str | None:
    text = part(concept, "text") or next((c.get("display") for c in codings(concept) if c.get("display")), None)
    return str(text) if text else None


def _extent(told: Told, detail: Resource) -> str | None:
    if detail.get("scheduledString"):
        return str(detail["scheduledString"])
    if detail.get("scheduledPeriod"):
        return told.time(detail["scheduledPeriod"])
    timing = detail.get("scheduledTiming") or {}
    repeat = timing.get("repeat") or {}
    if repeat.get("frequency") and repeat.get("periodUnit"):
        length, unit = repeat.get("period", 1), repeat["periodUnit"]
        every = told.word(unit) if length == 1 else f"{length} {told.word(unit + '+')}"
        return f"{repeat['frequency']} × {told.word('per')} {every}"
    return _called(timing.get("code"))
