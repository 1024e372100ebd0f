"""$meta-delete.  https://hl7.org/fhir/R4/resource-operation-meta-delete.html

A coding is found by its system and code.
"""

from fhir_service.rest.operations._meta import changing

OPERATION = changing(
    "meta-delete",
    "Take profiles, tags and security labels away",
    "Takes labels from a resource; those that it does not have change nothing.",
    add=False,
)
