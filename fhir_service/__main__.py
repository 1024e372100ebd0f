"""`python -m fhir_service` is `knutepunkt`."""

from fhir_service.cli import main

main()
