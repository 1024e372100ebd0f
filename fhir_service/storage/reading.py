"""What the methods of `Reads` ask the database, written once for both back-ends (`steps`)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from fhir_service.storage import statements as sql
from fhir_service.storage.lengths import key
from fhir_service.storage.messages import InboxRow
from fhir_service.storage.port import Answered, Identifier, Stored
from fhir_service.storage.rows import inbox_row, stored
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import parameter_id
from mappings.message import MessageKey


def get_many(references: Iterable[tuple[str, str]]) -> Steps[Mapping[tuple[str, str], Stored]]:
    """Current versions by (type, id), one statement for each type."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for rtype, rid in references:
        by_type[rtype].append(rid)
    found: dict[tuple[str, str], Stored] = {}
    for rtype, rids in by_type.items():
        if len(rids) == 1:  # to read one through a list takes SQLite twice as long
            rows = yield sql.GET, {"rtype": rtype, "rid": rids[0]}
        else:
            rows = yield sql.GET_MANY, {"rtype": rtype, "rids": rids}
        found.update({(rtype, row[1]): stored(row) for row in rows})
    return found


def by_identifiers(
    keys: frozenset[tuple[str, Identifier]],
) -> Steps[Mapping[tuple[str, Identifier], tuple[Stored, ...]]]:
    """Current resources by (type, (system, value)); keys without a match are left out."""
    found: dict[tuple[str, Identifier], list[Stored]] = defaultdict(list)
    if keys:
        named = {(rtype, key(system), key(value)): (rtype, (system, value)) for rtype, (system, value) in keys}
        params = sorted({parameter_id(rtype, "identifier") for rtype, _, _ in named})
        rows = yield sql.BY_IDENTIFIERS, {"params": params, "codes": sorted({code for _, _, code in named})}
        for row in rows:
            asked = named.get((row[0], row[-2], row[-1]))
            if asked is not None:
                found[asked].append(stored(row))
    return {asked: tuple(several) for asked, several in found.items()}


def of_patients(patient_ids: Sequence[str], rtypes: Iterable[str]) -> Steps[tuple[Stored, ...]]:
    """Current resources of these types that belong to these Patient ids."""
    types = tuple(sorted(set(rtypes)))
    rows = yield sql.of_patients(types), {"patients": list(patient_ids), "params": sql.patient_params(types)}
    return tuple(map(stored, rows))


def of_persons(person_ids: Sequence[str], rtypes: Iterable[str]) -> Steps[tuple[Stored, ...]]:
    """Current resources of these types of these persons."""
    rows = yield sql.OF_PERSONS, {"persons": list(person_ids), "rtypes": sorted(set(rtypes))}
    return tuple(map(stored, rows))


def persons(keys: frozenset[Identifier]) -> Steps[Mapping[Identifier, str]]:
    """person_id by national identifier; unknown ones are left out."""
    if not keys:
        return {}
    named = {(system, key(value)): (system, value) for system, value in keys}
    rows = yield sql.PERSONS, {"values": sorted({value for _, value in named})}
    return {named[system, value]: person for system, value, person in rows if (system, value) in named}


def numbered(person_ids: Sequence[str]) -> Steps[frozenset[str]]:
    """Those of the persons who have a national identifier."""
    rows = yield sql.NUMBERED, {"persons": list(person_ids)}
    return frozenset(person for (person,) in rows)


def message(of: MessageKey) -> Steps[InboxRow | None]:
    """The message that was first received under this key."""
    rows = yield sql.MESSAGE, {"sender": key(of.sender), "control_id": key(of.control_id)}
    return inbox_row(rows[0]) if rows else None


def answered(caller: str, name: str) -> Steps[Answered | None]:
    """What was answered to this key of the caller."""
    rows = yield sql.ANSWERED, {"caller": key(caller), "name": name}
    return Answered(*rows[0]) if rows else None
