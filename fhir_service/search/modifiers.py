"""Which modifiers a parameter takes, by its type and what it finds.  https://hl7.org/fhir/R4/search.html#modifiers"""

from collections.abc import Set as AbstractSet

IDENTIFIER, TEXT, OF_TYPE = ":identifier", ":text", ":of-type"
"""End the names under which what these modifiers ask for is indexed: `subject:identifier`, `code:text`."""
_EVERY = ("missing",)
_OF_TYPE = {
    "reference": ("identifier",),
    "string": ("contains", "exact", "text"),
    "token": ("not",),
    "uri": ("above", "below"),
}
"""`:[type]` of a reference aside."""
CODED = frozenset({"CodeableConcept", "Coding", "code"})
"""Elements whose codes a terminology knows."""
DESCRIBED = frozenset({"CodeableConcept", "Coding", "Identifier"})
"""Elements with a text beside the code."""
_OF_TOKEN = (
    (CODED, ("above", "below", "in", "not-in")),
    (DESCRIBED, ("text",)),
    (frozenset({"Identifier"}), ("of-type",)),
)


def of(declared: str, elements: AbstractSet[str]) -> tuple[str, ...]:
    """The modifiers, in alphabetical order, of a parameter of a type that finds such elements."""
    found = {*_EVERY, *_OF_TYPE.get(declared, ())}
    if declared == "token":
        found.update(name for among, names in _OF_TOKEN if among & elements for name in names)
    if declared == "reference" and "Reference" not in elements:
        found.discard("identifier")
    return tuple(sorted(found))
