"""What a municipality can set reaches the rules of a running service (decisions 6, 14 and 30)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fhir_service.rules import Settings as Municipal
from fhir_service.settings import Settings
from profiles import names
from profiles.code_systems import concept
from tests.rest.conftest import BASE, opened_rest


def test_deadline_of_a_case_is_the_municipality_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNUTEPUNKT_ANSWER_DAYS", "14")
    file = tmp_path / "k.db"
    with opened_rest(Settings(database=f"sqlite:///{file}", mllp="", base_url=BASE), file) as rest:
        patient = rest.stored(
            {"resourceType": "Patient", "identifier": [{"system": names.FNR, "value": "15918512397"}]}
        )
        need = {
            "resourceType": "ServiceRequest",
            "identifier": [{"system": "urn:example:gp", "value": "1"}],
            "status": "active",
            "intent": "proposal",
            "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
            "code": concept(names.REQUEST_KIND, "coordinator"),
            "subject": {"reference": f"Patient/{patient['id']}"},
            "requester": {"reference": f"Patient/{patient['id']}"},
            "performer": [{"reference": "Organization/ke-5001"}],
            "authoredOn": "2026-11-22T09:00:00+01:00",
            "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "unknown"}],
        }
        made = rest.stored(need)
        (found,) = rest.get(f"Task?focus=ServiceRequest/{made['id']}").json()["entry"]
    case = found["resource"]
    clock = [datetime.fromisoformat(text) for text in (case["authoredOn"], case["restriction"]["period"]["end"])]
    assert abs(clock[1] - clock[0] - timedelta(days=14)) <= timedelta(hours=1)  # daylight saving


def test_rules_know_every_setting_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ANSWER_DAYS": "21",
        "REVIEW_MONTHS_CHILD": "3",
        "REVIEW_MONTHS_ADULT": "9",
        "CHILD_DAYS": '{"draft-plan": 90, "manual-review": 10}',
        "ORAL_CONSENT": "false",
        "FORMAL_DECISION": "pbrl-2-5-b",
        "MEETING_NAMES": '{"samarbeidsmote": "Oppstartsmøte"}',
        "INFER_NEED": "true",
        "INFER_NEED_DAYS": "7",
        "REFUSE_WRONG_NUMBERS": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"KNUTEPUNKT_{name}", value)
    assert Settings().municipal == Municipal(
        answer_days=21,
        review_months_child=3,
        review_months_adult=9,
        child_days={"draft-plan": 90, "manual-review": 10},
        oral_consent=False,
        formal_decision="pbrl-2-5-b",
        meeting_names={"samarbeidsmote": "Oppstartsmøte"},
        infer_need=True,
        infer_need_days=7,
        refuse_wrong_numbers=True,
    )


def test_what_is_not_set_is_as_the_law_and_the_decisions_have_it() -> None:
    assert Settings().municipal == Municipal()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("draft-plan=90", "expected a JSON object by code, e.g. "),
        ("[90]", "valid dictionary"),
        ('{"draft": 90}', "draft: no sub-step; known are: obtain-consent, "),
        ('{"draft-plan": 0}', "greater than or equal to 1"),
    ],
)
def test_wrong_deadlines_are_refused_with_a_sentence(given: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNUTEPUNKT_CHILD_DAYS", given)
    with pytest.raises(ValueError, match=told):
        Settings()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"oppstart": "Oppstartsmøte"}', "oppstart: no kind of meeting; known are: ansvarsgruppemote, "),
        ('{"samarbeidsmote": ""}', "at least 1 character"),
    ],
)
def test_wrong_names_of_meetings_are_refused_with_a_sentence(
    given: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNUTEPUNKT_MEETING_NAMES", given)
    with pytest.raises(ValueError, match=told):
        Settings()
