"""Ids of what follows from something: the same cause gives the same id, so that a re-run makes nothing twice."""

from uuid import NAMESPACE_URL, uuid5

from profiles import names

NAMESPACE = uuid5(NAMESPACE_URL, names.BASE)


def derived_id(*parts: str) -> str:
    """A UUID (version 5) that these parts always give."""
    return str(uuid5(NAMESPACE, "|".join(parts)))
