"""$meta-add.  https://hl7.org/fhir/R4/resource-operation-meta-add.html

The change is a new version like any other: what a resource was labelled with at a time stays readable (SR-15).
"""

from fhir_service.rest.operations._meta import changing

OPERATION = changing(
    "meta-add",
    "Add profiles, tags and security labels",
    "Adds labels to a resource; those that it has already change nothing.",
    add=True,
)
