"""The use cases over one repository: what REST and the messages call."""

from collections.abc import Iterable, Sequence

from fhir_service.principal import Principal
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import NOTHING, Afterwards, Changes, Reads, Repository
from fhir_service.workflow.feedback import close_feedback
from fhir_service.workflow.profile_store import Found
from fhir_service.workflow.seed import kept_current, seed
from fhir_service.workflow.settle import Ground
from fhir_service.workflow.terminology_content import Terminology
from fhir_service.workflow.transaction import Answers, Entry, transact
from fhir_service.workflow.write import Refused, WriteRequest, Written, write
from profiles.resource import Resource


class Office:
    """The use cases of REST; `Ingest` has those for messages."""

    def __init__(self, repository: Repository, ground: Ground) -> None:
        self._repository = repository
        self._ground = ground

    async def seed(self, describing: Iterable[Resource] = ()) -> int:
        """Make the koordinerende enheter of the routes that are not there yet, and what describes the service as it is
        now; returns how many resources were written."""
        described = await self._repository.run(kept_current(describing))
        return described + await self._repository.run(seed(self._ground.routes))

    async def told(self, outgoing: Outgoing, state: str) -> None:
        """A delivery has come to its end in `state`; an acknowledged one closes its feedback."""
        if state == "acknowledged":
            await self._repository.run(close_feedback(outgoing, self._ground))

    async def transact(
        self, entries: Sequence[Entry], by: Principal, afterwards: Afterwards[Answers | Refused] | None = None
    ) -> Answers | Refused:
        """Do all entries of a transaction for `by`, or none; `afterwards` and what is raised: see `Repository.run`."""
        return await self._repository.run(transact(entries, by, self._ground), afterwards)

    async def write(self, request: WriteRequest, by: Principal) -> Written | Refused:
        """Do one write for `by`. Raises what `Repository.run` raises: InForceConflict, Unavailable."""
        return await self._repository.run(write(request, by, self._ground))

    async def profiles(self, known: Terminology, urls: Sequence[str]) -> dict[str, Found]:
        """The profiles of canonical addresses, or why they cannot be used; None where they are not stored here."""
        return await self._ground.profiles.found(known, urls)

    async def judge(self, request: WriteRequest, by: Principal) -> Written | Refused:
        """What `write` would answer; nothing is written."""

        async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
            answer, _ = await write(request, by, self._ground)(tx)
            return answer, NOTHING

        return await self._repository.run(work)
