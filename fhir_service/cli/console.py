"""Where commands write: answers to standard output, what went wrong to standard error."""

from rich.console import Console


class Problem(Exception):
    """Something the user can put right. The text is one sentence that says what to do; the exit status is 2."""


def out() -> Console:
    """Standard output. Lines are as wide as they need to be where no person watches, so that they can be searched."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def err() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)
