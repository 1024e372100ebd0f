"""What every form of patch becomes."""

from collections.abc import Callable
from typing import TypeAlias

from profiles.issues import Issue
from profiles.resource import Resource

Patch: TypeAlias = Callable[[Resource], Resource | Issue]
"""From the current resource, which it leaves as it is, to the next one."""
MOST_OPERATIONS = 100
