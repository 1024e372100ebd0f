"""4.8: KE sends a feedback that was drafted for it: it goes on the channel by which the need came."""

from collections.abc import Iterable

from fhir_service.rules._elements import status
from fhir_service.rules._feedback import is_answer, put_on_channel
from fhir_service.rules._model import Change, Effect, Rule


def effects(change: Change) -> Iterable[Effect]:
    """A Communication that goes from preparation to in-progress by somebody's hand."""
    told = change.after
    if told is None or not is_answer(told) or change.draft.cause != "rest":
        return
    if (status(change.before), status(told)) == ("preparation", "in-progress"):
        yield from put_on_channel(change, told)


RULE = Rule(
    id="feedback-sent",
    title="Feedback that is sent goes by the notifier's channel",
    basis="forvaltningsloven § 11 a; workflow.md 4.8",
    says="Når koordinerende enhet sender tilbakemeldingen, går den samme vei som meldingen om behov kom.",
    on=frozenset({"Communication"}),
    effects=effects,
)
