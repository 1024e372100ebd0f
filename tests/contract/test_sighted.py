"""What a view of a resource is made from, told in one statement (workflow.md 4.7, SR-27)."""

from fhir_service.principal import Principal
from fhir_service.storage.access import EVERYTHING, access_of, in_emergency
from fhir_service.storage.port import Changes, PersonJoin, Reads, Repository
from fhir_service.storage.sighted import HangsOn, Sighted
from profiles.resource import Resource
from tests.contract.database import Database
from tests.contract.resources import patient, plan, reference, resource
from tests.contract.test_grants import LATER, NOW, X, grant, put, to_x

ON = HangsOn(own=("Goal", "CareTeam"), named=(("performer", ("PractitionerRole", "CareTeam")),))
NOTHING = HangsOn()


def _plan(*performers: str) -> Resource:
    listed = [{"detail": {"performer": [reference(one)]}} for one in performers]
    return plan("p", activity=listed)


async def sighted(repository: Repository, by: Principal = X) -> Sighted:
    (told,) = await repository.sighted("CarePlan", ["p"], access_of(by, NOW), ON)
    return told


def test_labels_are_those_of_the_grants_that_are_open(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(repository, (_plan(), "person", ("frame",)))
        assert await repository.sighted("CarePlan", ["p"], access_of(X, NOW), NOTHING) == ()
        grants = [to_x("person", label) for label in ("frame", "~ke", "+Organization/x")]
        await grant(repository, "person", *grants, to_x("person", "school", days=(1, 2)), to_x("person", "trust", "ke"))
        assert (await sighted(repository)).labels == {"frame", "~ke", "+Organization/x"}
        ke = Principal(organization="Organization/x", role="ke")
        assert (await sighted(repository, ke)).labels == {"frame", "~ke", "+Organization/x", "trust"}
        for by, now in ((X, NOW), (X, LATER), (ke, NOW), (Principal(organization="Organization/y"), NOW)):
            access = access_of(by, now)
            found = await repository.sighted("CarePlan", ["p"], access, NOTHING)
            read = await repository.read("CarePlan", "p", access)
            assert [one.stored for one in found] == ([] if read is None else [read])
            for one in found:
                assert one.labels == (await repository.sights(["person"], access))["person"].labels

    database.run(told)


def test_person_has_every_label_of_what_is_theirs(database: Database) -> None:
    async def told(repository: Repository) -> None:
        party = ("@Patient/other",)
        await put(repository, (patient("arne"), "person", ()), (patient("other"), "another", ()))
        await put(repository, (_plan(), "person", party))
        assert (await sighted(repository, Principal(person="Patient/arne"))).labels == {"*"}
        assert (await sighted(repository, Principal(person="Patient/other"))).labels == frozenset()
        assert await repository.sighted("CarePlan", ["p"], access_of(Principal(person="Patient/x"), NOW), ON) == ()

    database.run(told)


def test_nothing_is_opened_where_nothing_is_to_be_asked_for(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(repository, (_plan(), "person", ("frame",)))
        await grant(repository, "person", to_x("person", "frame"))
        for access in (EVERYTHING, in_emergency(X, "person", NOW)):
            (one,) = await repository.sighted("CarePlan", ["p"], access, NOTHING)
            assert (one.labels, one.beside) == (frozenset(), ())

    database.run(told)


def test_each_version_that_it_hangs_on_tells_it_from_others(database: Database) -> None:
    async def told(repository: Repository) -> None:
        role, goal, team = (resource(rtype, "r") for rtype in ("PractitionerRole", "Goal", "CareTeam"))
        shared = resource("CareTeam", "shared")
        await grant(repository, "person", to_x("person", "frame"))
        await put(repository, (_plan("PractitionerRole/r", "CareTeam/shared", "Organization/o"), "person", ("frame",)))
        states = [(await sighted(repository)).beside]
        assert states == [(None, None, None)]
        for one, whose in ((role, None), (goal, "person"), (team, "person"), (shared, "second")) * 2:
            await put(repository, (one, whose, ()))
            states.append((await sighted(repository)).beside)
        await put(repository, (resource("PractitionerRole", "other"), None, ()), (resource("Goal", "x"), "second", ()))
        assert (await sighted(repository)).beside == states[-1]
        named = states[-1][2] or ""
        assert {one.rpartition(" ")[0].rpartition(" ")[0] for one in named.split(",")} == {
            "PractitionerRole r",
            "CareTeam shared",
        }

        async def joined(_: Reads) -> tuple[None, Changes]:
            return None, Changes(joins=(PersonJoin("second", "third"),))

        await repository.run(joined)
        states.append((await sighted(repository)).beside)
        assert len(set(states)) == len(states)

    database.run(told)


def test_several_are_told_as_each_is_by_itself(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(
            repository, (_plan("PractitionerRole/r"), "person", ("frame",)), (resource("Goal", "g"), "person", ())
        )
        await put(repository, (plan("q"), "other", ("frame",)), (resource("PractitionerRole", "r"), None, ()))
        await put(repository, (plan("hidden"), "third", ("frame",)))
        await grant(repository, "person", to_x("person", "frame"), to_x("person", "school"))
        await grant(repository, "other", to_x("other", "frame"))
        access = access_of(X, NOW)
        several = await repository.sighted("CarePlan", ["p", "q", "hidden", "no"], access, ON)
        each = [one for rid in ("p", "q") for one in await repository.sighted("CarePlan", [rid], access, ON)]
        assert sorted(several, key=lambda one: one.stored.rid) == each
        assert each[0].labels != each[1].labels

    database.run(told)
