"""What a unit of work has asked for is not asked for again."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from fhir_service.principal import Principal
from fhir_service.storage.access import Access, access_of
from fhir_service.storage.instants import moment
from fhir_service.storage.port import Reads
from fhir_service.workflow.known import Known

SCHOOL = access_of(Principal(organization="Organization/school"), moment(1))


class Database:
    """Shows plans and no goals. `asked`: the questions, in order."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def seen(self, references: Iterable[tuple[str, str]], access: Access) -> frozenset[tuple[str, str]]:
        self.asked.append(sorted(references))
        return frozenset(one for one in references if one[0] == "CarePlan")


def known(database: Database) -> Known:
    return Known(cast(Reads, database), SCHOOL)


def test_what_is_hidden_is_asked_for_once() -> None:
    database = Database()
    one = known(database)
    plan, goal, other = ("CarePlan", "p"), ("Goal", "g"), ("Goal", "h")

    async def asking() -> None:
        assert await one.hidden([plan, goal]) == {goal}
        assert await one.hidden([goal, plan, other]) == {goal, other}
        assert await one.hidden([plan]) == frozenset()

    asyncio.run(asking())
    assert database.asked == [[plan, goal], [other]]
