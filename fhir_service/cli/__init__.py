"""The command `knutepunkt`: one module a command. Heavy imports stand inside the commands: `--help` is quick."""

from fhir_service.cli.program import main, program

__all__ = ["main", "program"]
