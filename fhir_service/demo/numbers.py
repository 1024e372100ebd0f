"""Numbers of test persons, where a story cannot know the day of birth beforehand (decision 20)."""

from datetime import date

from profiles.national_ids import parse_national_id

TEST_NORGE = 80
"""What Skatteetaten adds to the month of a test person (domain.md 3)."""
CHILDREN = range(500, 1000)
"""Digits 7 to 9 of who was born from 2000 to 2039."""


def child_number(born: date, gender: str) -> str:
    """A fødselsnummer of Test-Norge for a child: the first one of its day with check digits that hold."""
    day = f"{born.day:02}{born.month + TEST_NORGE}{born:%y}"
    wanted = range(CHILDREN.start + (gender == "male"), CHILDREN.stop, 2)
    numbers = (f"{day}{individual}{check:02}" for individual in wanted for check in range(100))
    return next(n for n in numbers if parse_national_id(n, synthetic=True, form_2032=False))
