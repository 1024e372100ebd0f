"""Profiles, compiled from the snapshot of a StructureDefinition.  https://hl7.org/fhir/R4/profiling.html

Judged: cardinality, fixed[x], pattern[x], slices, bindings to value sets whose codes are known, types and targets,
lengths and bounds, invariants, and the profiles of data types and extensions that are known. What cannot be judged is
told as information, never passed over in silence.
"""

from profiles.snapshots.compiler import Profile, compile_profile
from profiles.snapshots.known import Lookup, canonical, needed

__all__ = ["Lookup", "Profile", "canonical", "compile_profile", "needed"]
