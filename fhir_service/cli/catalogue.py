"""`knutepunkt catalogue`: what this installation understands and decides."""

from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from fhir_service.cli.console import Problem, out

SECTIONS = ("messages", "rules", "resources", "maps")


def catalogue(
    sections: Annotated[
        list[str] | None, typer.Argument(help="Which parts: messages, rules, resources, maps.", show_default="all")
    ] = None,
) -> None:
    """Print the message types, rules, resource types with their search parameters, and code maps that were found."""
    unknown = set(sections or ()) - set(SECTIONS)
    if unknown:
        raise Problem(f"there is no part {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}.")
    makers = {"messages": _messages, "rules": _rules, "resources": _resources, "maps": _maps}
    for section in sections or SECTIONS:
        out().print(makers[section]())


def _messages() -> Table:
    from fhir_service.catalogue import messages

    table = _table("HL7 v2 messages", "message", "title", "required segments")
    for entry in messages():
        _row(table, entry.kind, entry.declared.title, " ".join(entry.declared.requires))
    return table


def _rules() -> Table:
    from fhir_service.catalogue import rules

    table = _table("Rules", "rule", "title", "basis")
    for entry in rules():
        _row(table, entry.declared.id, entry.declared.title, entry.declared.basis)
    return table


def _resources() -> Table:
    from fhir_service.catalogue import is_ours, resources
    from fhir_service.search import parameters

    table = _table("FHIR resource types", "type", "search parameters (ours with *)")
    for declared in resources():
        codes = (code + "*" * is_ours(declared, found) for code, found in parameters(declared.name).items())
        _row(table, declared.name, " ".join(codes))
    return table


def _maps() -> Table:
    from fhir_service.catalogue import code_maps

    table = _table("Code maps", "map", "title", "codes")
    for entry in code_maps():
        _row(table, entry.name, entry.title, str(entry.size))
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))
