"""A checker for each R4 type, compiled from the definitions into closures when the type is first met."""

from profiles.checking.problem import Problem
from profiles.checking.resources import resource

__all__ = ["Problem", "resource"]
