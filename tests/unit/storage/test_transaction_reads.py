"""What a unit of work asks again and again is answered once."""

from collections.abc import Coroutine
from typing import Any

from fhir_service.principal import Principal
from fhir_service.sight import Sight
from fhir_service.storage.access import access_of
from fhir_service.storage.instants import moment
from fhir_service.storage.transaction_reads import TransactionReads

NOW = moment(1)
SCHOOL, NAV = (access_of(Principal(organization=f"Organization/{who}"), NOW) for who in ("school", "nav"))


def driven(asking: Coroutine[Any, Any, Any], *answers: Any) -> Any:
    """What it comes to, if it asks just as often as there are answers."""
    left = list(answers)
    sent: Any = None
    try:
        while True:
            asking.send(sent)
            sent = left.pop(0)
    except StopIteration as end:
        assert not left
        return end.value


def test_what_is_open_to_a_caller_is_asked_for_once() -> None:
    tx = TransactionReads(NOW)
    one, other = Sight(labels=frozenset({"a"})), Sight(labels=frozenset({"b"}))
    assert driven(tx.sights(["p"], SCHOOL), {"p": one}) == {"p": one}
    again = access_of(Principal(organization="Organization/school"), NOW)
    assert driven(tx.sights(["p"], again)) == {"p": one}
    assert driven(tx.sights(["p", "q"], SCHOOL), {"q": other}) == {"p": one, "q": other}
    assert driven(tx.sights(["p"], NAV), {"p": other}) == {"p": other}
