"""Edges: bytes in, bytes out."""
