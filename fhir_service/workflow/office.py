"""The use cases over one repository: what REST and the messages call."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from fhir_service.principal import Principal
from fhir_service.rules import Context
from fhir_service.storage.access import access_of
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import NOTHING, Afterwards, Changes, Reads, Repository, Stored, Work
from fhir_service.workflow.composing import CalledOn, Compose, composed
from fhir_service.workflow.emergency import opened
from fhir_service.workflow.feedback import close_feedback, not_delivered, put_on_channel
from fhir_service.workflow.notices import tell_ke
from fhir_service.workflow.once import ENTRIES, ONE, VERSIONS, Once
from fhir_service.workflow.patient_merge import MergeAsked, merged
from fhir_service.workflow.profile_store import Found
from fhir_service.workflow.seed import kept_current, seed
from fhir_service.workflow.settle import Ground
from fhir_service.workflow.shown import shown_answer, shown_changes
from fhir_service.workflow.terminology_content import Terminology
from fhir_service.workflow.transaction import Answers, Entry, transact
from fhir_service.workflow.write import Refused, WriteRequest, Written, write
from profiles.resource import Resource


class Office:
    """The use cases of REST; `Ingest` has those for messages."""

    def __init__(self, repository: Repository, ground: Ground, clock: Callable[[], datetime]) -> None:
        self._repository = repository
        self._ground = ground
        self._clock = clock

    async def seed(self, describing: Iterable[Resource] = ()) -> int:
        """Make the koordinerende enheter of the routes that are not there yet, and what describes the service as it is
        now; returns how many resources were written."""
        described = await self._repository.run(kept_current(describing))
        return described + await self._repository.run(seed(self._ground.routes))

    async def sending(self, outgoing: Outgoing) -> str | None:
        """A delivery is about to go; what it says, None if it is not to go any more."""
        return await self._repository.run(put_on_channel(outgoing, self._ground))

    async def told(self, outgoing: Outgoing, state: str) -> None:
        """What became of an attempt: an acknowledged one closes its feedback, of any other somebody is told."""
        after = close_feedback if state == "acknowledged" else not_delivered
        await self._repository.run(after(outgoing, self._ground))

    def context(self) -> Context:
        """What rules may know beside the resources, now."""
        return self._ground.context(self._clock())

    async def transact(
        self,
        entries: Sequence[Entry],
        by: Principal,
        afterwards: Afterwards[Answers | Refused] | None = None,
        key: Once | None = None,
    ) -> Answers | Refused:
        """Do all entries of a transaction for `by`, or none; `afterwards` and what is raised: see `Repository.run`.

        `key`: it is done once under it.
        """
        work: Work[Answers | Refused] = ENTRIES.once(transact(entries, by, self._ground), key)
        answers = await self._repository.run(work, afterwards)
        if isinstance(answers, Refused):
            return await self._refused(answers)
        if not by.narrowed:
            return answers
        return {index: await self._shown(answer, by) for index, answer in answers.items()}

    async def write(self, request: WriteRequest, by: Principal, key: Once | None = None) -> Written | Refused:
        """Do one write for `by`. Raises what `Repository.run` raises: InForceConflict, Unavailable."""
        work: Work[Written | Refused] = ONE.once(write(request, by, self._ground), key)
        answer = await self._repository.run(work)
        if isinstance(answer, Refused):
            return await self._refused(answer)
        return await self._shown(answer, by) if by.narrowed else answer

    async def compose(
        self, on: CalledOn, compose: Compose, by: Principal, key: Once | None = None
    ) -> tuple[Stored, ...] | Refused:
        """Do for `by` what an operation says about a resource; everything that has changed, as they see it."""
        work: Work[tuple[Stored, ...] | Refused] = VERSIONS.once(composed(on, compose, by, self._ground), key)
        answer = await self._repository.run(work)
        if isinstance(answer, Refused):
            return await self._refused(answer)
        return await shown_changes(self._repository, answer, access_of(by, self._clock()))

    async def merge(self, asked: MergeAsked, by: Principal, key: Once | None = None) -> tuple[Stored, ...] | Refused:
        """Make one of two records of a person for `by`; the Patient that stays, as they see it."""
        work: Work[tuple[Stored, ...] | Refused] = VERSIONS.once(merged(asked, by, self._ground), key)
        answer = await self._repository.run(work)
        if isinstance(answer, Refused):
            return await self._refused(answer)
        return await shown_changes(self._repository, answer, access_of(by, self._clock()))

    async def _refused(self, refused: Refused) -> Refused:
        """The refusal, when what it tells the koordinerende enhet is written."""
        if refused.notices:
            await self._repository.run(tell_ke(refused.notices, self._ground))
        return refused

    async def _shown(self, answer: Written, by: Principal) -> Written:
        return answer if answer.shown else await shown_answer(self._repository, answer, access_of(by, self._clock()))

    async def open_in_emergency(self, person_id: str, by: Principal) -> None:
        """Tell the person and the koordinerende enhet that everything of the person is opened to `by`."""
        await self._repository.run(opened(person_id, by, self._ground))

    async def profiles(self, known: Terminology, urls: Sequence[str]) -> dict[str, Found]:
        """The profiles of canonical addresses, or why they cannot be used; None where they are not stored here."""
        return await self._ground.profiles.found(known, urls)

    async def judge(self, request: WriteRequest, by: Principal) -> Written | Refused:
        """What `write` would answer; nothing is written."""

        async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
            answer, _ = await write(request, by, self._ground)(tx)
            return answer, NOTHING

        return await self._repository.run(work)
