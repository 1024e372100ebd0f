"""CarePlan/[id]/$diff: what has changed from one version to another, who did it, when and why (workflow.md 6.1, 13)."""

from collections.abc import Mapping

from fhir_service.access.marks import unmarked
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.operations._values import told
from fhir_service.rest.read import NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.rules import differences
from fhir_service.storage.port import Stored
from fhir_service.workflow.authors import Author, authors_of
from fhir_service.workflow.versions import instant, parse_body
from profiles.issues import error
from profiles.resource import Resource

MOST = 200
"""Versions that are looked at (SR-8)."""
_BACKWARDS = error("bad-parameter-value", "to", "Expected a version after from")
_MANY = error("too-costly", "from", f"There are more than {MOST} versions between the two: ask for fewer")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """One `change` for each path that differs; by the last version that changed it."""
    first, last = arguments.one("from"), arguments.one("to")
    if last <= first:
        return refusal(_BACKWARDS)
    if last - first > MOST:
        return refusal(_MANY)
    versions: dict[int, Stored] = {}
    for number in range(first, last + 1):
        found = await face.repository.vread(request.rtype, request.rid, number, request.access)
        if found is None or found.deleted:
            return refusal(NOT_FOUND)
        versions[number] = found
    authors = await authors_of(face.repository, request.access, request.rtype, request.rid)
    return parameters_reply(_changes(versions, authors))


def _changes(versions: Mapping[int, Stored], authors: Mapping[int, Author]) -> list[Resource]:
    parsed = {number: unmarked(parse_body(stored.body)) for number, stored in versions.items()}
    first, *later = sorted(parsed)
    by: dict[str, int] = {}
    for number in later:
        by.update({one.path: number for one in differences(parsed[number - 1], parsed[number])})
    changes: list[Resource] = []
    for one in differences(parsed[first], parsed[later[-1]]):
        near = (n for path, n in by.items() if path.startswith(one.path) or one.path.startswith(path))
        number = max(near, default=later[-1])
        author = authors.get(number, Author())
        listed = [out("path", "string", one.path), *told("old", one.old), *told("new", one.new)]
        listed += [out("who", "Reference", author.who)] if author.who else []
        listed += [out("when", "instant", instant(versions[number].updated)), *told("why", author.why)]
        changes.append(parts("change", listed))
    return changes


OPERATION = Operation(
    id="careplan-diff",
    name="diff",
    title="What has changed in a plan",
    says="Every path that differs between two versions, its old and new value, and who changed it last, when and why.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CarePlan",),
    inputs=(
        Parameter("from", "positiveInt", "The earlier version", min=1),
        Parameter("to", "positiveInt", "The later version", min=1),
    ),
    outputs=(
        Parameter(
            "change",
            "",
            "One path that differs",
            max="*",
            parts=(
                Parameter("path", "string", "FHIRPath; entries of lists by what identifies them", min=1),
                Parameter("old", "string", "The value before: a text as it is, anything else as JSON"),
                Parameter("new", "string", "The value after"),
                Parameter("who", "Reference", "Who made the version that changed it last"),
                Parameter("when", "instant", "When", min=1),
                Parameter("why", "string", "Why"),
            ),
        ),
    ),
)
