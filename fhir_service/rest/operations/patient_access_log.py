"""Patient/$access-log: who saw or changed what is about a person, when, from where and on which ground (SR-34).

Pasientjournalloven § 18 and § 22: the person has a right to know. A browser gets a page in plain Norwegian.
"""

from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.links import Paged, links, place_of
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.read import NOT_FOUND
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.search import parse
from fhir_service.workflow.audit_log import is_open
from profiles import names
from profiles.code_systems import display
from profiles.issues import Issue, error
from profiles.resource import Resource

OSLO = ZoneInfo("Europe/Oslo")
MOST, USUAL = 1_000, 200
_BAD_COUNT = error("bad-parameter-value", "_count", f"Expected a whole number from 1 to {MOST}")
_NOT_THEIRS = error(
    "forbidden", "Patient", "The log is for the person, who represents them, and the role administrator"
)
_KINDS = {"C": "create", "R": "read", "U": "update", "D": "delete", "E": "search"}
_UNNAMED = "Ikke oppgitt"
_ROLES = {
    "ke": "Koordinerende enhet",
    "coordinator": "Koordinator",
    "unit-leader": "Leder av enheten",
    "notifier": "Den som meldte behovet",
    "service": "Tjeneste",
    "person": "Personen selv",
    "administrator": "Administrator",
}
_TYPES = {
    "CarePlan": "Individuell plan",
    "CareTeam": "Ansvarsgruppe",
    "Communication": "Beskjed",
    "Consent": "Samtykke",
    "DocumentReference": "Dokument",
    "Encounter": "Opphold eller møte",
    "Flag": "Varsel",
    "Goal": "Mål",
    "Patient": "Personopplysninger",
    "Provenance": "Hvem som endret",
    "RelatedPerson": "Pårørende",
    "ServiceRequest": "Melding om behov",
    "Task": "Sak eller oppgave",
}
"""As people call them; what is not here is told by its name in FHIR."""
_HTML: Header = (b"content-type", b"text/html; charset=utf-8")
_SAFE: Header = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'")
_STYLE = "body{font:1rem/1.5 sans-serif;margin:2rem;max-width:70rem}table{border-collapse:collapse;width:100%}"
_CELLS = "th,td{text-align:left;padding:.4rem .8rem;border-bottom:1px solid #ccc;vertical-align:top}"
_HEADINGS = ("Tidspunkt", "Virksomhet", "Rolle", "Hva", "Opplysning", "Grunnlag", "Begrunnelse")


class Line(msgspec.Struct, frozen=True):
    """One access as the person is told of it. `what`: the kind of resource, or what was searched for."""

    when: str
    organization: str
    role: str
    kind: str
    what: str
    basis: str
    reason: str


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The newest first, as Parameters, or as a page where the client asks for one."""
    named = arguments.one("_count")
    count = USUAL if named is None else named
    if not 1 <= count <= MOST:
        return refusal(_BAD_COUNT)
    patient = await face.repository.read("Patient", request.rid, request.access)
    if patient is None:
        return refusal(NOT_FOUND)
    if not is_open(request.access):
        return refusal(_NOT_THEIRS)
    told = await _lines(face, request, arguments, count)
    if not isinstance(told, Lines):
        return refusal(told)
    if request.view.native:
        return Reply(200, (_HTML, _SAFE, *ALWAYS[1:]), page(told.lines, told.following).encode())
    older = [out("next", "url", told.following)] if told.following else []
    return parameters_reply([*map(_parameter, told.lines), *older])


class Lines(msgspec.Struct, frozen=True):
    """A page of them; `following`: the link to those before."""

    lines: list[Line]
    following: str | None = None


async def _lines(face: Face, request: Request, arguments: Arguments, count: int) -> Lines | tuple[Issue, ...]:
    asked = [("patient", f"Patient/{request.rid}"), ("outcome", "0"), ("_count", str(count))]
    asked += [("date", f"{prefix}{day}") for prefix, name in _BOUNDS if (day := arguments.one(name))]
    parsed = parse("AuditEvent", tuple(asked), base_url=face.base, types=face.rtypes)
    if parsed.query is None:
        return parsed.issues
    found = await face.repository.search(replace(parsed.query, after=arguments.after), request.access)
    events = [msgspec.json.decode(row.body) for row in found.matches]
    known = {name: await _named(face, request, name) for name in sorted({_organization(e) for e in events})}
    lines = [_line(event, known[_organization(event)]) for event in events]
    paged = Paged(place_of(request, "$access-log"), arguments.used, arguments.token)
    listed = msgspec.json.decode(links(face, paged, found.following, request.view))
    return Lines(lines, next((one["url"] for one in listed if one["relation"] == "next"), None))


_BOUNDS = (("ge", "start"), ("le", "end"))


def _organization(event: Resource) -> str:
    """`Organization/[id]` of who asked, or a name."""
    who: Resource = next((a["who"] for a in event["agent"] if "who" in a), {})
    return str(who.get("reference") or who.get("display") or "")


async def _named(face: Face, request: Request, reference: str) -> str:
    rtype, _, rid = reference.partition("/")
    if rtype != "Organization" or not rid:
        return _UNNAMED if reference in ("", "Client") else reference
    stored = await face.repository.read(rtype, rid, request.access)
    return (
        reference if stored is None or stored.deleted else str(msgspec.json.decode(stored.body).get("name", reference))
    )


def _line(event: Resource, organization: str) -> Line:
    when = datetime.fromisoformat(event["recorded"]).astimezone(OSLO)
    agents: list[Any] = event["agent"]
    policies = [policy for agent in agents for policy in agent.get("policy", ())]
    basis = policies[0].rpartition("#")[2] if policies else ""
    role = next((one["text"] for agent in agents for one in agent.get("role", ()) if "text" in one), "")
    reasons = [use["text"] for agent in agents for use in agent.get("purposeOfUse", ()) if "text" in use]
    return Line(
        when=when.isoformat(timespec="seconds"),
        organization=organization,
        role=role,
        kind=display(names.ACCESS_KIND, _kind(event)) or "",
        what=_what(event),
        basis=display(names.ACCESS_BASIS, basis) or _UNNAMED,
        reason=reasons[0] if reasons else "",
    )


def _kind(event: Resource) -> str:
    code = event.get("subtype", [{}])[0].get("code", "")
    if code.startswith("history"):
        return "history"
    return "operation" if code == "operation" else _KINDS.get(event.get("action", ""), "read")


def _what(event: Resource) -> str:
    """`Type/id` of what was read or changed; of a search its type."""
    told = (e["what"]["reference"] for e in event.get("entity", ()) if e.get("role", {}).get("code") == "4")
    return next((reference.partition("/_history")[0] for reference in told), "")


def _parameter(line: Line) -> Resource:
    told = [
        out(name, "string", value) for name, value in msgspec.structs.asdict(line).items() if value and name != "when"
    ]
    return parts("access", [out("when", "dateTime", line.when), *told])


def page(lines: list[Line], following: str | None = None) -> str:
    """A page that anybody can read."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in _HEADINGS)
    rows = "".join(f"<tr>{''.join(map(_cell, msgspec.structs.astuple(_for_people(line))))}</tr>" for line in lines)
    told = (
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if lines else "<p>Ingen har sett noe.</p>"
    )
    older = f'<p><a rel="next" href="{escape(following)}">Vis eldre</a></p>' if following else ""
    return (
        '<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>Innsyn i logg</title>'
        f"<style>{_STYLE}{_CELLS}</style></head><body><h1>Hvem har sett opplysninger om meg?</h1>"
        "<p>Her står hvem som har lest eller endret opplysninger om deg, når det skjedde, hvilken virksomhet det var, "
        f"og hva som ga tilgang. Det nyeste står først.</p>{told}{older}</body></html>"
    )


def _for_people(line: Line) -> Line:
    """The time as it is written in Norway, and words instead of codes and ids."""
    rtype = line.what.partition("/")[0]
    return msgspec.structs.replace(
        line,
        when=f"{datetime.fromisoformat(line.when):%d.%m.%Y kl. %H.%M}",
        role=_ROLES.get(line.role, line.role),
        what=_TYPES.get(rtype, rtype),
    )


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


OPERATION = Operation(
    id="patient-access-log",
    name="access-log",
    title="Who saw what is about a person",
    says="Each access to what is about the person: when, by which organization and role, what was done and on which "
    "ground; newest first. For the person, who represents them, auditors, and in mode dev everybody who is not "
    "narrowed; others get 403. With Accept: text/html it is a page in Norwegian.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Patient",),
    own_form=True,
    pages=True,
    inputs=(
        Parameter("start", "date", "Only from this day on"),
        Parameter("end", "date", "Only up to this day"),
        Parameter("_count", "integer", f"How many at most; {USUAL} unless told, {MOST} at most"),
    ),
    outputs=(
        Parameter("next", "url", "Where those before these are; absent when there are none"),
        Parameter(
            "access",
            "",
            "One access",
            max="*",
            parts=(
                Parameter("when", "dateTime", "When", min=1),
                Parameter("organization", "string", "Name of the organization", min=1),
                Parameter("role", "string", "Role that was stated"),
                Parameter("kind", "string", "What was done, in Norwegian", min=1),
                Parameter("what", "string", "The resource, as Type/id; absent for a search"),
                Parameter("basis", "string", "What gave access, in Norwegian", min=1),
                Parameter("reason", "string", "The reason that was stated (emergency access)"),
            ),
        ),
    ),
)
