"""FHIRPath as profiles and invariants use it, compiled to closures, bounded in size and in steps.

https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html
"""

from profiles.fhirpath.expression import Expression, compile_expression
from profiles.fhirpath.nodes import Node, node_of
from profiles.fhirpath.syntax import Unsupported

__all__ = ["Expression", "Node", "Unsupported", "compile_expression", "node_of"]
