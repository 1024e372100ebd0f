"""Whatever the actors try, in whatever order and by whatever road: no forbidden state (workflow.md 3, 4; SR-13).

The tables are written here a second time, from workflow.md 4, so that they can disagree with those of the rules.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fhir_service.settings import Settings
from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case, version
from tests.rest.circles import concept, to
from tests.rest.conftest import BASE, FHIR_JSON, Rest, opened_rest
from tests.rest.test_deciding import appointment, change, decision

ERROR = "entered-in-error"
NEXT: Mapping[str, Mapping[str, str]] = {
    "need": {
        "draft": "active revoked",
        "active": "completed revoked on-hold",
        "on-hold": "active",
        "completed": "",
        "revoked": "",
    },
    "case": {
        "requested": "received rejected cancelled",
        "received": "accepted rejected cancelled",
        "accepted": "in-progress cancelled",
        "in-progress": "completed on-hold failed",
        "on-hold": "in-progress failed",
        "completed": "",
        "rejected": "",
        "cancelled": "",
        "failed": "",
    },
    "child": {
        "requested": "accepted rejected cancelled",
        "accepted": "in-progress rejected cancelled",
        "in-progress": "completed cancelled",
        "on-hold": "cancelled",
        "completed": "",
        "rejected": "",
        "cancelled": "",
    },
    "team": {"proposed": "active", "active": "suspended inactive", "suspended": "active", "inactive": ""},
    "plan": {
        "draft": "active revoked",
        "active": "on-hold completed revoked",
        "on-hold": "active completed revoked",
        "completed": "",
        "revoked": "",
    },
    "consent": {"proposed": "active rejected", "active": "inactive", "inactive": "", "rejected": ""},
}
PAIRS: Mapping[str, str] = {
    "requested": "new",
    "received": "registered",
    "accepted": "awaiting-consent awaiting-information under-assessment",
    "in-progress": "under-assessment clarification-meeting decided declined-by-person coordinator-search "
    "coordinator-appointed",
    "on-hold": "awaiting-consent awaiting-information person-unreachable",
    "rejected": "duplicate forwarded not-applicable",
    "completed": "closed withdrawn",
    "cancelled": "withdrawn person-deceased moved-abroad",
    "failed": "person-deceased moved-abroad",
}
BY_AN_EVENT = {"completed", "cancelled", "on-hold", "requested"}
"""What the service may do to any open child Task: close it (4.3), or let it wait with its plan (4.6 P4, P5)."""
TYPES = ("ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent", "Communication")
STEPS = ("begins", "assessed", "decided", "appointed", "planned")
ROADS = st.sampled_from(["put", "patch", "transaction"])
ROLES = st.sampled_from([None, None, None, "ke", "coordinator", "notifier", "service", "person", "administrator"])
REASONS = ["wrong-municipality", "duplicate", "awaiting-information", "person-deceased", "merged", "abandoned"]
NUMBER = count()


@dataclass(frozen=True)
class Step:
    """Where something is to go: by one of the `right` ways, or anywhere."""

    way: int
    right: bool
    why: str


TO = st.builds(Step, st.integers(0, 30), st.booleans(), st.sampled_from(REASONS))
HISTORIES = int(os.environ.get("KNUTEPUNKT_HISTORIES", "12"))
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A history that fails is told as it was: making it shorter takes minutes."""


def kind(resource: Resource) -> str | None:
    if resource["resourceType"] != "Task":
        told = {"ServiceRequest": "need", "CareTeam": "team", "CarePlan": "plan", "Consent": "consent"}
        return told.get(resource["resourceType"])
    return "case" if "assess-need" in codes(resource["code"]) else "child"


def codes(concepts: Any) -> set[str]:
    listed = concepts if isinstance(concepts, list) else [concepts]
    return {c["code"] for one in listed for c in one.get("coding", ()) if "code" in c}


def allowed(what: str, status: str) -> set[str]:
    return set() if status == ERROR else {*NEXT[what][status].split(), ERROR}


def reached(what: str, status: str) -> set[str]:
    """Everything that may follow in one transaction, side effects too."""
    found, waiting = {status}, [status]
    while waiting:
        now = waiting.pop()
        more = allowed(what, now) | (BY_AN_EVENT if what == "child" and allowed(what, now) - {ERROR} else set())
        waiting.extend(more - found)
        found |= more
    return found


class Actors(RuleBasedStateMachine):
    """One person after another, and everybody who has to do with them."""

    rest: ClassVar[Rest]

    @initialize(step=st.sampled_from(STEPS))
    def begin(self, step: str) -> None:
        self.case = Case(self.rest, f"r{next(NUMBER)}")
        getattr(self.case, step)()
        self.made = count()
        self.stands = self.read()

    # what they try

    @rule(which=st.integers(0, 30), to=TO, road=ROADS, role=ROLES)
    def takes_a_step(self, which: int, to: Step, road: str, role: str | None) -> None:
        known = [one for one in self.stands.values() if kind(one)]
        self.steps(known[which % len(known)], to, road, role)

    @rule(which=st.integers(0, 30), to=TO, road=ROADS)
    def takes_the_case_further(self, which: int, to: Step, road: str) -> None:
        known = [one for one in self.stands.values() if kind(one) == "case"]
        self.steps(known[which % len(known)], to, road, None)

    @rule(which=st.integers(0, 30), to=TO, road=ROADS, role=ROLES)
    def takes_plan_team_or_consent_further(self, which: int, to: Step, road: str, role: str | None) -> None:
        known = [one for one in self.stands.values() if kind(one) in ("plan", "team", "consent")]
        if known:
            self.steps(known[which % len(known)], to, road, role)

    def steps(self, one: Resource, to: Step, road: str, role: str | None) -> None:
        what, before = kind(one) or "", one["status"]
        ways, every = sorted(allowed(what, before)), sorted({*NEXT[what], ERROR})
        status = ways[to.way % len(ways)] if to.right and ways else every[to.way % len(every)]
        elements = {"status": status} | self.told(one, what, status, to.way, to.why)
        answer = self.sent(one, elements, road, role)
        self.judged(answer, role, legal=status == before or status in ways, what=what, before=before, elements=elements)

    def told(self, one: Resource, what: str, status: str, pair: int, why: str) -> Resource:
        reason = concept(names.STATUS_REASON, why)
        if what == "case":
            ways = PAIRS.get(status, "closed").split()
            business = [*ways, "new"][pair % (len(ways) + 1)]
            if status == "on-hold" and pair % 2:
                reason = concept(names.STATUS_REASON, business)
            return {"businessStatus": concept(names.KE_BUSINESS_STATUS, business), "statusReason": reason}
        if what == "child":
            return {"statusReason": reason}
        if what == "plan":
            others = [e for e in one.get("extension", ()) if e["url"] != names.IP_STATUS_REASON]
            return {"extension": [*others, {"url": names.IP_STATUS_REASON, "valueCodeableConcept": reason}]}
        return {}

    @rule(road=st.sampled_from(["post", "put", "conditional", "transaction"]), role=ROLES)
    def drafts_a_plan(self, road: str, role: str | None) -> None:
        body = {"resourceType": "CarePlan", **self.case.plan()}
        self.judged(self.creates(body, road, role), role)

    @rule(who=st.sampled_from(["kari", "per"]), code=st.sampled_from(["coordinator", "child-coordinator"]), role=ROLES)
    def proposes_a_team(self, who: str, code: str, role: str | None) -> None:
        body = {"resourceType": "CareTeam", **self.case.team(code, who)}
        self.judged(self.creates(body, "post", role), role)

    @rule(who=st.sampled_from(["gp", "unit"]))
    def notifies(self, who: str) -> None:
        need = {"resourceType": "ServiceRequest", **self.case.need(who, f"again-{next(self.made)}")}
        self.judged(self.creates(need, "post", None), None)

    @rule()
    def consents(self) -> None:
        if not self.consent:
            self.case.consent("plan-creation")
            self.stands = self.read()
            return
        body = {k: v for k, v in self.consent[0].items() if k not in ("id", "meta")} | {"status": "active"}
        self.judged(self.creates(body, "post", None), None)

    @rule(plan=st.sampled_from(["granted", "refused", "declined-by-person"]), by_operation=st.booleans())
    def decides(self, plan: str, by_operation: bool) -> None:
        case = self.case.task
        if by_operation:
            answer = self.case.called(case, "$decide", *decision(self.case, decision_plan=plan))
        else:
            decided = concept(names.KE_BUSINESS_STATUS, "decided")
            answer = self.case.puts(case, businessStatus=decided, output=self.case.decision(plan=plan))
        self.judged(answer, None)

    @rule(who=st.sampled_from(["kari", "per"]))
    def appoints(self, who: str) -> None:
        self.judged(self.case.called(self.case.task, "$appoint-coordinator", *appointment(self.case, who)), None)

    @rule(who=st.sampled_from(["kari", "per"]), operation=st.booleans())
    def changes_coordinator(self, who: str, operation: bool) -> None:
        for team in [one for one in self.stands.values() if kind(one) == "team"][:1]:
            if operation:
                answer = self.case.called(team, "$change-coordinator", *change(self.case, who))
            else:
                first, *others = team["participant"]
                fresh = first | {"member": to(self.case.ref("PractitionerRole", who))}
                answer = self.case.puts(team, participant=[fresh, first, *others])
            self.judged(answer, None)

    @rule(index=st.integers(0, 30), bad=st.integers(0, 30))
    def asks_for_a_good_and_a_bad_thing_at_once(self, index: int, bad: int) -> None:
        """Nothing of a transaction stays when a part of it is refused."""
        ended = [
            one for one in self.stands.values() if kind(one) and not allowed(kind(one) or "", one["status"]) - {ERROR}
        ]
        if not ended:
            return
        wrong = ended[bad % len(ended)]
        note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": self.case.person}
        first = {"draft": "draft", "proposed": "proposed"}.get(wrong["status"], "requested")
        back = {"need": "active", "case": "received", "child": "accepted", "team": "active", "plan": "active"}
        status = back.get(kind(wrong) or "", "active")
        entries = [
            {"resource": note, "request": {"method": "POST", "url": "Observation"}},
            self.entry(wrong | {"status": status if status != wrong["status"] else first}),
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.rest("POST", BASE, json=bundle, headers=FHIR_JSON)
        assert answer.status_code == 422, answer.text
        self.judged(answer, None)
        assert not self.case.finds("Observation")

    # how they do it

    def sent(self, one: Resource, elements: Resource, road: str, role: str | None) -> httpx.Response:
        path = f"{one['resourceType']}/{one['id']}"
        headers = version(one) | ({"x-knutepunkt-role": role} if role else {})
        if road == "patch":
            steps = [{"op": "add", "path": f"/{name}", "value": value} for name, value in elements.items()]
            return self.rest(
                "PATCH", path, json=steps, headers=headers | {"content-type": "application/json-patch+json"}
            )
        if road == "transaction":
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [self.entry(one | elements)]}
            told = {"x-knutepunkt-role": role} if role else {}
            return self.rest("POST", BASE, json=bundle, headers=FHIR_JSON | told)
        return self.rest("PUT", path, json=one | elements, headers=FHIR_JSON | headers)

    def entry(self, resource: Resource) -> Resource:
        url = f"{resource['resourceType']}/{resource['id']}"
        return {
            "resource": resource,
            "request": {"method": "PUT", "url": url, "ifMatch": version(resource)["if-match"]},
        }

    def creates(self, body: Resource, road: str, role: str | None) -> httpx.Response:
        rtype, headers = body["resourceType"], FHIR_JSON | ({"x-knutepunkt-role": role} if role else {})
        if road == "put":
            body = body | {"id": f"{self.case.name}-{rtype}-{next(self.made)}"}
            return self.rest("PUT", f"{rtype}/{body['id']}", json=body, headers=headers)
        if road == "transaction":
            entry = {"resource": body, "request": {"method": "POST", "url": rtype}}
            return self.rest("POST", BASE, json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]},
                             headers=headers)  # fmt: skip
        once = (
            {"if-none-exist": f"identifier=urn:x|{self.case.name}-{next(self.made)}"} if road == "conditional" else {}
        )
        return self.rest("POST", rtype, json=body, headers=headers | once)

    # what must hold

    @property
    def consent(self) -> list[Resource]:
        return [one for one in self.stands.values() if kind(one) == "consent"]

    def read(self) -> dict[str, Resource]:
        found = [one for rtype in TYPES for one in self.case.finds(rtype, _count="500")]
        hidden = self.rest.get("Task?status=entered-in-error&_count=500").json().get("entry", ())  # C11
        found += [e["resource"] for e in hidden if e["resource"].get("for") == self.case.person]
        return {f"{one['resourceType']}/{one['id']}": one for one in found}

    def judged(self, answer: httpx.Response, role: str | None, *, legal: bool | None = None, what: str = "",
               before: str = "", elements: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        """Refused: nothing has changed. Accepted: everything that changed went along its state machine."""
        assert answer.status_code in (200, 201, 403, 409, 422), answer.text
        after = self.read()
        if answer.is_success:
            assert legal is not False, f"{before} -> {elements}"
            for reference, one in self.stands.items():
                assert reference in after
                if kind(one):
                    assert after[reference]["status"] in reached(kind(one) or "", one["status"]), reference
        else:
            assert {k: v["meta"]["versionId"] for k, v in self.reviewless(after)} == {
                k: v["meta"]["versionId"] for k, v in self.stands.items()
            }
            if legal is False and role is None:
                self.lists_what_is_allowed(answer, what, before)
        self.stands = after

    def reviewless(self, after: Mapping[str, Resource]) -> Iterator[tuple[str, Resource]]:
        """Beside a Task to KE that a second plan was tried (workflow.md 8)."""
        for reference, one in after.items():
            told = kind(one) == "child" and "manual-review" in codes(one["code"])
            if not told or reference in self.stands:
                yield reference, one

    def lists_what_is_allowed(self, answer: httpx.Response, what: str, before: str) -> None:
        issues = answer.json()["issue"]
        told = [i for i in issues if codes(i.get("details", {})) == {"illegal-transition"}]
        assert answer.status_code == 422 and told, answer.text
        for status in allowed(what, before):
            assert status in told[0]["diagnostics"]

    @invariant()
    def at_most_one_plan_is_in_force(self) -> None:
        plans = [one for one in self.stands.values() if kind(one) == "plan"]
        assert len([p for p in plans if p["status"] in ("draft", "active", "on-hold")]) <= 1

    @invariant()
    def at_most_one_coordinates(self) -> None:
        teams = [t for t in self.stands.values() if kind(t) == "team" and t["status"] in ("active", "suspended")]
        people = [p for t in teams for p in t.get("participant", ()) if not p.get("period", {}).get("end")]
        assert len([p for p in people if codes(p["role"]) & {"coordinator", "child-coordinator"}]) <= 1

    @invariant()
    def every_need_is_answered(self) -> None:
        """INV-04"""
        tasks = [one for one in self.stands.values() if one["resourceType"] == "Task"]
        for need in (one for one in self.stands.values() if kind(one) == "need" and one["status"] == "active"):
            wanted = f"ServiceRequest/{need['id']}"
            about = [t for t in tasks if wanted in self.named(t)]
            told = [c for c in self.stands.values() if c["resourceType"] == "Communication"
                    and wanted in [r["reference"] for r in c.get("basedOn", ())]]  # fmt: skip
            live = [t for t in about if kind(t) == "case" and allowed("case", t["status"]) - {ERROR}]
            assert live or told or [t for t in about if kind(t) == "child"], wanted

    def named(self, task: Resource) -> list[str | None]:
        inputs = (i.get("valueReference") for i in task.get("input", ()))
        return [r.get("reference") for r in (task.get("focus"), *inputs) if r]

    @invariant()
    def every_sub_step_is_somebodys_and_ends(self) -> None:
        """INV-10"""
        for task in (one for one in self.stands.values() if kind(one) == "child"):
            assert task["owner"], task
            assert task["restriction"]["period"]["end"]

    @invariant()
    def business_status_goes_with_status(self) -> None:
        for case in (one for one in self.stands.values() if kind(one) == "case" and one["status"] != ERROR):
            assert codes(case["businessStatus"]) <= set(PAIRS[case["status"]].split())

    @invariant()
    def no_case_is_completed_without_a_decision(self) -> None:
        """INV-05"""
        for case in (one for one in self.stands.values() if kind(one) == "case" and one["status"] == "completed"):
            assert {"decision-coordinator", "decision-plan"} <= {c for o in case["output"] for c in codes(o["type"])}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    folder: Path = tmp_path_factory.mktemp("actors")
    told = Settings(database=f"sqlite:///{folder / 'k.db'}", mllp="", base_url=BASE)
    with opened_rest(told, folder / "k.db") as rest:
        yield rest


def test_actors_find_no_forbidden_state(office: Rest) -> None:
    Actors.rest = office
    how = settings(max_examples=HISTORIES, stateful_step_count=25, deadline=None, phases=UNSHRUNK,
                   suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(Actors, settings=how)
