"""K4: the reason for a change of coordinator, by each road that a client has (workflow.md 4.5, ADR 0027)."""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case, version
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code, matches
from tests.rest.operating import parameter

WHY = {"text": "Koordinatoren har fått ny jobb"}


def successor(case: Case, team: Resource) -> list[Resource]:
    """The participants when Per has followed Kari."""
    former, *others = team["participant"]
    ended = {**former, "period": {**former["period"], "end": "2026-11-22"}}
    role = [concept(names.TEAM_ROLE, "coordinator")]
    per = {"role": role, "member": to(case.ref("PractitionerRole", "per")), "period": {"start": "2026-11-22"}}
    return [ended, *others, per]


def in_transaction(case: Case, team: Resource, *beside: Resource) -> Any:
    entries = [
        {
            "resource": {**team, "participant": successor(case, team)},
            "request": {"method": "PUT", "url": f"CareTeam/{team['id']}", "ifMatch": version(team)["if-match"]},
        },
        *({"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in beside),
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return case.rest("POST", "", json=bundle, headers=FHIR_JSON)


def provenance(target: str, **more: Any) -> Resource:
    agent = [{"who": to("Organization/ke-5001")}]
    return {
        "resourceType": "Provenance", "target": [to(target)], "recorded": "2026-11-22T10:00:00Z", "agent": agent, **more
    }  # fmt: skip


def reasons(case: Case) -> list[str]:
    """The reasons that are told of the changes to the team."""
    found = matches(case.rest.get(f"Provenance?target={case.ref('CareTeam', 'team')}"))
    return [one["text"] for each in found for one in each.get("reason", ())]


def author(case: Case) -> str:
    return str(case.reads(case.ref("CarePlan", "plan"))["author"]["reference"])


def test_provenance_in_the_same_transaction_says_why(rest: Rest) -> None:
    case = Case(rest, "why1").planned()
    team = case.reads(case.ref("CareTeam", "team"))
    answer = in_transaction(case, team, provenance(case.ref("CareTeam", "team"), reason=[WHY]))
    assert answer.status_code == 200, answer.text
    assert author(case) == case.ref("PractitionerRole", "per")
    assert WHY["text"] in reasons(case)


@pytest.mark.parametrize("target", ["team", "other"])
def test_provenance_without_reason_or_of_another_team_does_not(rest: Rest, target: str) -> None:
    case = Case(rest, f"why2{target}").planned()
    team = case.reads(case.ref("CareTeam", "team"))
    told = {"reason": [WHY]} if target == "other" else {}
    where = case.ref("CareTeam", "team") if target == "team" else case.ref("CarePlan", "plan")
    answer = in_transaction(case, team, provenance(where, **told))
    assert (answer.status_code, code(answer)) == (422, "rule")
    assert author(case) == case.ref("PractitionerRole", "kari")


def test_header_says_why(rest: Rest) -> None:
    case = Case(rest, "why3").planned()
    team = case.reads(case.ref("CareTeam", "team"))
    case.headers = {"x-knutepunkt-reason": "Ny jobb", "x-knutepunkt-role": "ke"}
    case.put(team, participant=successor(case, team))
    assert author(case) == case.ref("PractitionerRole", "per")
    assert "Ny jobb" in reasons(case)


def test_extension_and_operation_tell_it_in_the_provenance(rest: Rest) -> None:
    case = Case(rest, "why4").planned()
    team = case.reads(case.ref("CareTeam", "team"))
    stated = [{"url": names.IP_STATUS_REASON, "valueCodeableConcept": WHY}]
    team = case.put(team, participant=successor(case, team), extension=stated)
    assert reasons(case) == [WHY["text"]]
    to_kari = parameter("coordinator", valueReference=to(case.ref("PractitionerRole", "kari")))
    answer = case.called(
        team, "$change-coordinator", to_kari, parameter("reason", valueCodeableConcept={"text": "Byttet tilbake"})
    )
    assert answer.status_code == 200, answer.text
    assert set(reasons(case)) == {WHY["text"], "Byttet tilbake"}
