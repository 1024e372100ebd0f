"""Conformance as data: canonical names, R4 definitions, code maps, routing, and the checker compiled from them."""
