"""A small believable municipality, made by the roads real users take: messages over MLLP and plain FHIR REST."""

from fhir_service.demo.play import run

__all__ = ["run"]
