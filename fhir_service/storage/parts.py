"""What of a resource is found by whom, where it shows to some in part only (workflow.md 4.7, SR-28).

The workflow brings its parts, each with the labels that open it, and a row that a part is found by carries these. So a
hidden element neither matches nor sorts, and neither do the words of the whole. What a resource that shows in part is
found by lies within one element each, no parameter of those types combines several: so each is looked through once.
"""

from collections import defaultdict

from sqlalchemy import Table

from fhir_service.sight import ALL_BUT_HIDDEN, HIDDEN, IN_PARTS
from fhir_service.storage.indexing import Extract, Row, index_rows
from fhir_service.storage.port import Write

Found = list[tuple[Table, list[Row]]]
_BELONGS = 5
"""Columns that a row of a generic table ends with: what it has from its resource, the labels last."""
_NOBODYS = (0, None, "", "")


def labelled(write: Write, found: Found, extract: Extract) -> Found:
    """The rows by which the resource is found, each with its own labels."""
    if not write.shown:
        return found
    marks = {mark for mark in write.sector.split("|") if mark.startswith("-")}
    labels: defaultdict[tuple[str, Row], set[str]] = defaultdict(set)
    for carried, elements in write.shown:
        part = {"resourceType": write.rtype, **elements}
        for table, rows in index_rows(write.rtype, 0, _NOBODYS, extract(part, body=b""))[1]:
            for row in rows:
                labels[table.name, row[:-_BELONGS]] |= carried
    open_ = any(ALL_BUT_HIDDEN in carried for carried, _ in write.shown)

    def own(table: Table, row: Row) -> Row:
        carried = labels.get((table.name, row[:-_BELONGS]), set())
        hidden = {HIDDEN} if open_ and ALL_BUT_HIDDEN not in carried else set()
        return (*row[:-1], _column((carried - {ALL_BUT_HIDDEN}) | marks | hidden))

    return [(table, [own(table, row) for row in rows]) for table, rows in found]


def of_words(sector: str) -> str:
    """The labels of the words of a resource: where it shows in part, the whole is for those who see all of it."""
    labels = sector.split("|")
    if IN_PARTS not in labels:
        return sector
    return _column({HIDDEN, *(label for label in labels if label.startswith("-"))})


def _column(labels: set[str]) -> str:
    return f"|{'|'.join(sorted(labels))}|" if labels else ""
