"""The service: FHIR endpoint, workflow, rules, storage and the command line."""
