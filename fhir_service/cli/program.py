"""The commands together, and how a problem is told."""

import sys

import typer

from fhir_service.cli import (
    audit,
    catalogue,
    demo,
    export,
    import_,
    inbox,
    migrate,
    outbox,
    send,
    serve,
    validate,
    version,
)
from fhir_service.cli.console import Problem, err

program = typer.Typer(
    name="knutepunkt",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The open hub for the individual plan: hospital messages in, one plan per person out over FHIR R4.",
    epilog="First time? scripts/run starts a service with a demo population; then try: knutepunkt inbox",
)
COMMANDS = (
    serve.serve,
    send.send,
    inbox.inbox,
    outbox.outbox,
    demo.demo,
    validate.validate,
    import_.import_,
    export.export,
    catalogue.catalogue,
    migrate.migrate,
    version.version,
)
for command in COMMANDS:
    program.command(command.__name__.rstrip("_"))(command)
program.add_typer(audit.audit, name="audit")


def main() -> None:
    """Run the command line; exit with 0, 1 (a message was refused) or 2 (something to put right)."""
    try:
        program()
    except Problem as problem:
        err().print(f"[bold red]knutepunkt:[/] {_plain(problem)}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _plain(problem: Problem) -> str:
    """The text with square brackets kept (rich reads them as markup)."""
    return str(problem).replace("[", r"\[")
