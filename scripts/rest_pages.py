"""The generated pages about the FHIR endpoint: interactions, types, search parameters, operations."""

from collections.abc import Callable, Iterable, Iterator

from fhir_service import catalogue
from fhir_service.resources import ResourceType, served_types
from fhir_service.rest.capability import interactions_of
from fhir_service.rest.operations import Operation, operations
from fhir_service.rest.routes import METADATA, ROUTES, Level
from fhir_service.search import Parameter, includes, parameters, revincludes
from profiles.definitions import compartment, compartments

Row = tuple[str, ...]
Table = Callable[[Row, Iterable[Row]], Iterator[str]]
"""Headings and rows -> the lines of a table."""
_SETTINGS = (
    ("_sort", "one or more parameters, with `-` for descending; `_id` and `_lastUpdated` over several types"),
    ("_count", "resources on a page; 0: the total only"),
    ("_total", "`none`, `accurate`, `estimate`"),
    ("_include, _revinclude", "`Type:parameter[:target]` or `*`, with `:iterate` from what was included too"),
    ("_summary", "`true`, `text`, `data`, `count`, `false`; at every address"),
    ("_elements", "names of elements, with or without a type before them; at every address"),
    ("_type", "types of a search over several"),
    ("_format, _pretty", "JSON only; at every address"),
)


def interactions(table: Table) -> Iterator[str]:
    """What can be done at which address."""
    yield "# FHIR interactions\n"
    yield "FHIR R4 (4.0.1), JSON, under `/fhir`; the same stands in `/fhir/metadata`. OPTIONS tells at every address"
    yield "what it serves; HEAD answers as GET does, without the body.\n"
    rows = ((r.interaction, " ".join(r.methods), f"`{r.level.value}`") for r in ROUTES)
    first = (METADATA.interaction, " ".join(METADATA.methods), "`[base]/metadata`")
    yield from table(("Interaction", "Methods", "Address"), (first, *rows))
    about = ", ".join(f"`{rtype}`" for rtype in compartments())
    yield f"\nCompartments: {about}. At `{Level.TYPE.value}` update, patch and delete are conditional: the search that"
    yield "follows names what is changed.\n"
    yield "## Parameters of a history\n"
    yield "`_since`, `_at`, `_count`, `_total`; newest first. An unknown parameter is refused (400).\n"
    yield "## Parameters of a search that are about the answer\n"
    yield from table(("Parameter", "Values"), ((f"`{name}`", values) for name, values in _SETTINGS))
    yield ""


def types(table: Table) -> Iterator[str]:
    """What is served of each type."""
    yield "# Resource types\n"
    yield "What is served unless `--served-types` says otherwise. Every type of R4 can be; these have been chosen.\n"
    every = list(dict.fromkeys(code for rtype in served_types() for code in interactions_of(rtype)))
    yield f"Each has {', '.join(every)}, but for those that a row leaves out.\n"
    rows = (_type(declared, every) for declared in catalogue.resources())
    yield from table(("Type", "Without", "Own parameters", "In the compartments of"), rows)
    yield ""


def _type(declared: ResourceType, every: list[str]) -> Row:
    lacking = ", ".join(code for code in every if code not in interactions_of(declared.name))
    own = " ".join(f"`{p.code}`" for p in declared.parameters)
    within = " ".join(about for about in compartments() if about == declared.name or compartment(about, declared.name))
    return f"[{declared.name}](search.md#{declared.name.lower()})", lacking, own, within


def search(table: Table) -> Iterator[str]:
    """The search parameters of each type."""
    yield "# Search parameters\n"
    yield "An unknown parameter, modifier or value is refused (400); `Prefer: handling=lenient` passes over unknown"
    yield "parameters, and only those. Besides those named here every type has `_text`, `_content`, `_list`, `_has`,"
    yield "and chains (`subject:Patient.name`). What shapes the answer stands with the"
    yield "[interactions](interactions.md). These are parameters of every type:\n"
    shared = [p for p in parameters("Patient").values() if p.code.startswith("_")]
    yield from _parameters(table, shared, lambda _: "R4")
    for declared in catalogue.resources():
        yield from _of_type(table, declared)
    yield ""


def _of_type(table: Table, declared: ResourceType) -> Iterator[str]:
    yield f"\n## {declared.name}\n"
    if included := includes(declared.name):
        yield f"Includes: {', '.join(f'`{value}`' for value in included)}.\n"
    if reverse := revincludes(declared.name):
        sources = dict.fromkeys(value.partition(":")[0] for value in reverse)
        yield f"Reverse includes: {len(reverse)}, of {', '.join(sources)}.\n"
    own = [p for p in parameters(declared.name).values() if not p.code.startswith("_")]
    yield from _parameters(table, own, lambda p: "Knutepunkt" if catalogue.is_ours(declared, p) else "R4")


def _parameters(table: Table, listed: Iterable[Parameter], origin: Callable[[Parameter], str]) -> Iterator[str]:
    rows = ((f"`{p.code}`", p.declared, " ".join(f"`:{m}`" for m in p.modifiers), origin(p)) for p in listed)
    return table(("Parameter", "Type", "Modifiers", "Defined by"), rows)


def operation_page(table: Table) -> Iterator[str]:
    """The operations with their parameters."""
    yield "# Operations\n"
    yield "Each is one module under `fhir_service/rest/operations`; its OperationDefinition is made from it. One that"
    yield "changes nothing is called with GET as well, its parameters in the address.\n"
    yield from table(("Operation", "At", "Types", "Methods"), map(_operation, operations()))
    for operation in operations():
        yield f"\n## {operation.id}\n\n`${operation.name}`: {operation.title}. {operation.says}\n"
        if operation.defined:
            yield f"Defined by {operation.defined}.\n"
        if operation.inputs:
            yield from table(("In", "Type", "Cardinality", "Meaning"), _inputs(operation))
    yield ""


def _operation(operation: Operation) -> Row:
    named = f"[${operation.name}](#{operation.id})"
    levels = ", ".join(sorted(operation.levels))
    return named, levels, ", ".join(operation.types) or "all", " ".join(operation.methods)


def _inputs(operation: Operation) -> Iterator[Row]:
    return ((f"`{p.name}`", p.type or "parts", f"{p.min}..{p.max}", p.says) for p in operation.inputs)
