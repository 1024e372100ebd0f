"""How much the answers of one batch or transaction may have together (SR-8)."""

from dataclasses import dataclass, replace

from fhir_service.rest.exchange import Reply
from fhir_service.rest.render import refusal
from profiles.issues import error

MOST_BYTES = 32_000_000
TOO_MUCH = error(
    "too-costly",
    "request.url",
    f"The answers of one Bundle have {MOST_BYTES // 1_000_000} MB at most together: ask for this one by itself",
)


@dataclass(slots=True)
class AnswerRoom:
    """The bytes that are left. `full`: an answer did not fit, so that nothing more is to be read."""

    left: int = MOST_BYTES
    full: bool = False

    def fitted(self, reply: Reply, *, reads: bool) -> Reply:
        """The reply, if there is room for it; else what is read is refused, and what is written is not sent back."""
        if len(reply.body) <= self.left:
            self.left -= len(reply.body)
            return reply
        if reply.status >= 400:
            return reply
        if not reads:
            return replace(reply, body=b"")
        self.full = True
        return refusal(TOO_MUCH)
