"""Ids of what is new."""

import time
from uuid import RFC_4122, UUID

from fhir_service.workflow.ids import new_id


def test_id_is_a_uuid_of_version_7_that_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    told = UUID(made)
    assert (str(told), told.version, told.variant) == (made, 7, RFC_4122)
    assert before <= told.int >> 80 <= after


def test_ids_differ_and_sort_as_they_are_made() -> None:
    first = [new_id() for _ in range(1000)]
    time.sleep(0.002)
    later = [new_id() for _ in range(1000)]
    assert len({*first, *later}) == 2000
    assert max(first) < min(later)
    assert len({made[24:] for made in first}) == 1000
