"""One person, one case, whoever notifies of the need (workflow.md 7.4)."""

from typing import Any

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.conftest import Rest


def told_to(case: Case, category: str) -> list[str]:
    """Who was told, by the requests that the feedback is based on."""
    found = case.finds("Communication", category=f"{names.FEEDBACK_CATEGORY}|{category}")
    return sorted(one["basedOn"][0]["reference"].rpartition("/")[2] for one in found)


def cases(case: Case) -> list[Resource]:
    return case.finds("Task", code=f"{names.KE_TASK_CODE}|assess-need")


def notified(case: Case, what: str, **need: Any) -> None:
    case.keeps("ServiceRequest", what, **case.need(**need))


def test_other_notifier_joins_the_case_and_both_are_told(rest: Rest) -> None:
    case = Case(rest, "joins").begins()
    notified(case, "second", requester="unit", value="2")
    [task] = cases(case)
    assert [one["type"]["coding"][0]["code"] for one in task["input"]] == ["possible-duplicate"]
    assert task["input"][0]["valueReference"] == {"reference": "ServiceRequest/joins-second"}
    assert told_to(case, "receipt") == []
    case.moves("received", "registered")
    assert told_to(case, "receipt") == ["joins-need", "joins-second"]


def test_who_joins_a_registered_case_gets_its_number_at_once(rest: Rest) -> None:
    case = Case(rest, "late").assessed()
    notified(case, "second", requester="unit", value="2")
    assert (len(cases(case)), told_to(case, "receipt")) == (1, ["late-need", "late-second"])
    done = case.decision()
    business = {"coding": [{"system": names.KE_BUSINESS_STATUS, "code": "decided"}]}
    case.put(case.task, businessStatus=business, output=done)
    assert told_to(case, "decision") == ["late-need", "late-second"]


def test_same_notifier_amends_the_case(rest: Rest) -> None:
    case = Case(rest, "amends").begins()
    notified(case, "second", value="2")
    assert len(cases(case)) == 1
    assert told_to(case, "amendment") == ["amends-second"]
