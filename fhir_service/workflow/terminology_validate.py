"""Is a code in a value set or code system?  Pure.  https://hl7.org/fhir/R4/valueset-operation-validate-code.html"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhir_service.workflow.terminology_expand import Key, Member
from fhir_service.workflow.terminology_systems import System


@dataclass(frozen=True, slots=True)
class Asked:
    """One coding to judge. `system` None: not said."""

    code: str
    system: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`display` is what the terminology calls it; `message` says what is wrong or odd."""

    result: bool
    message: str = ""
    display: str = ""
    member: Member | None = None


def in_value_set(members: Mapping[Key, Member], codings: Iterable[Asked]) -> Verdict:
    """Whether at least one of the codings is a member."""
    verdicts = [_member(members, coding) for coding in codings]
    return next((v for v in verdicts if v.member), verdicts[0] if verdicts else Verdict(False, "There is no coding"))


def _member(members: Mapping[Key, Member], asked: Asked) -> Verdict:
    if asked.system is not None:
        found = members.get((asked.system, asked.code))
    else:
        same = [member for (_, code), member in members.items() if code == asked.code]
        if len(same) > 1:
            return Verdict(False, "Several code systems of the value set have this code: name the system")
        found = same[0] if same else None
    return _told(found, asked) if found else Verdict(False, "The code is not in the value set")


def in_code_system(system: System, codings: Iterable[Asked]) -> Verdict:
    """Whether at least one of the codings is a code of the system."""
    verdicts = [_concept(system, coding) for coding in codings]
    return next((v for v in verdicts if v.member), verdicts[0] if verdicts else Verdict(False, "There is no coding"))


def _concept(system: System, asked: Asked) -> Verdict:
    if asked.system not in (None, system.url):
        return Verdict(False, "The coding is of another code system")
    concept = system.find(asked.code)
    if concept is None:
        short = "" if system.complete else "; only a part of the system is known here"
        return Verdict(False, f"The code system has no such code{short}")
    member = Member(system.url, concept.code, concept.display, concept.designations, version=system.version)
    return _told(member, asked)


def _told(member: Member, asked: Asked) -> Verdict:
    """A display that belongs to no text of the code makes the coding wrong; one in other capitals does not."""
    texts = {member.display, *(str(d.get("value", "")) for d in member.designations)} - {""}
    known = {text.casefold() for text in texts}
    if asked.display and known and asked.display.strip().casefold() not in known:
        return Verdict(False, "The display is not one of this code", member.display, member)
    return Verdict(True, "", member.display, member)
