"""What there is about one person, as a developer reads it, and what others see of it."""

from collections import Counter
from collections.abc import Iterator

from fhir_service.demo.hub import Hub
from profiles import names
from profiles.resource import Resource


def code_of(concepts: Resource | list[Resource] | None) -> str:
    """The first code of a CodeableConcept, or of a list of them; empty when there is none."""
    first = concepts[0] if isinstance(concepts, list) and concepts else concepts or {}
    assert isinstance(first, dict)
    return str(next((c.get("code") for c in first.get("coding", ())), ""))


class Person:
    """Everything is read anew at each call. `number`: (system, value); all records of the person are looked at."""

    def __init__(self, hub: Hub, number: tuple[str, str]) -> None:
        self.hub = hub
        self.number = number

    @property
    def record(self) -> str:
        """`Patient/[id]` of the first record."""
        return f"Patient/{self.hub.one('Patient', identifier='|'.join(self.number))['id']}"

    def all(self, rtype: str) -> list[Resource]:
        return self.hub.find(rtype, **{"patient.identifier": "|".join(self.number), "_count": "100"})

    def case(self) -> Resource:
        (found,) = self.tasks("assess-need")
        return found

    def tasks(self, code: str) -> list[Resource]:
        return [t for t in self.all("Task") if code_of(t["code"]) == code]

    def work(self) -> Counter[tuple[str, str]]:
        """(code, status) of each sub-step."""
        found = Counter((code_of(t["code"]), t["status"]) for t in self.all("Task"))
        return Counter({one: count for one, count in found.items() if one[0] != "assess-need"})

    def open_work(self) -> set[str]:
        return {code for code, status in self.work() if status in ("requested", "accepted", "in-progress")}

    def plan(self) -> Resource:
        (found,) = self.plans()
        return found

    def plans(self) -> list[Resource]:
        return [p for p in self.all("CarePlan") if code_of(p.get("category")) == "individuell-plan"]

    def team(self) -> Resource:
        (found,) = self.all("CareTeam")
        return found

    def consents(self) -> Counter[tuple[str, str]]:
        """(kind, status) of each."""
        return Counter((code_of(c["category"]), c["status"]) for c in self.all("Consent"))

    def told(self) -> Counter[str]:
        """The categories of what was said about the case."""
        needs = (f"ServiceRequest/{need['id']}" for need in self.all("ServiceRequest"))
        found = (c for need in needs for c in self.hub.find("Communication", based_on=need))
        return Counter(code_of(c["category"]) for c in found)

    def decision(self) -> dict[str, str]:
        outputs = self.case().get("output", ())
        return {code_of(o["type"]): code_of(o["valueCodeableConcept"]) for o in outputs if "valueCodeableConcept" in o}

    def seen_by(self, role: str, organization: str | None = None, person: str | None = None) -> list[str] | None:
        """What the measures of the plan say, to somebody; None: there is no plan for them."""
        caller = self.hub.acting(role, organization, person)
        found = caller.find("CarePlan", patient=self.record, category=f"{names.PLAN_CATEGORY}|individuell-plan")
        return [a["detail"]["description"] for a in found[0].get("activity", ())] if found else None

    def participants(self, role: str) -> Iterator[Resource]:
        return (p for p in self.team()["participant"] if code_of(p["role"]) == role)
