"""`knutepunkt version`"""

from importlib.metadata import version as installed

from fhir_service.cli.console import out


def version() -> None:
    """Print the version."""
    out().print(f"knutepunkt {installed('knutepunkt')}, FHIR 4.0.1")
