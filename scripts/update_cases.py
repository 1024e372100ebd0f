"""Write `expected.json` of every case under tests/cases/hl7v2 from what the mappings say now.

A change of a mapping shows up as a difference in these files: read it before it is committed.
"""

from pathlib import Path

from tests.golden import cases, expected_of

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Rewrite what differs."""
    for case in cases():
        file = case / "expected.json"
        said = expected_of(case)
        if not file.exists() or file.read_text(encoding="utf-8") != said:
            file.write_text(said, encoding="utf-8")
            print(f"updated {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
