"""What the service made and a client deleted is made again when it is needed, as a version more (ADR 0013)."""

import pytest

from tests.rest.cases import Case
from tests.rest.conftest import Rest


def flags(case: Case) -> list[tuple[str, str]]:
    return [(one["id"], one["status"]) for one in case.finds("Flag")]


@pytest.mark.parametrize("by", ["delete", "subject"])
def test_flag_that_a_client_took_away_comes_back_with_the_next_change(rest: Rest, by: str) -> None:
    case = Case(rest, f"made-again-{by}").planned()
    [(rid, status)] = flags(case)
    assert status == "active"
    if by == "delete":
        assert rest("DELETE", f"Flag/{rid}").status_code == 204
    else:
        case.keeps("Patient", "other", name=[{"family": "Annensen"}])
        case.put(case.reads(f"Flag/{rid}"), subject={"reference": f"Patient/{case.name}-other"})
    assert flags(case) == []
    plan = case.reads(case.ref("CarePlan", "plan"))
    assert case.puts(plan, title="Min plan").status_code == 200
    assert flags(case) == [(rid, "active")]
    assert case.reads(f"Flag/{rid}")["meta"]["versionId"] == "3"
