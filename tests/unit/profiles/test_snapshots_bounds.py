"""Whatever profiles ask for, a resource is judged by them in about a second (SR-8, SR-21)."""

from typing import Any

from profiles.issues import Issue
from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile
from profiles.validate import conforms

LONG = "(1|2|3|4).select((1|2|3|4).select((1|2|3|4).select((1|2|3|4).select((1|2|3|4).select('x'))))).exists()"


def row(rid: str, path: str, **says: Any) -> dict[str, Any]:
    return {"id": rid, "path": path, "min": 0, "max": "*", "base": {"path": path, "min": 0, "max": "*"}, **says}


def profile(*rows: dict[str, Any], url: str = "http://example.org/p") -> Profile:
    definition: Resource = {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "P",
        "kind": "resource",
        "type": "Patient",
        "snapshot": {"element": list(rows)},
    }
    made = compile_profile(definition, lambda _: None)
    assert isinstance(made, Profile), made
    return made


def judged(*profiles: Profile, **says: Any) -> tuple[Issue, ...]:
    return conforms({"resourceType": "Patient", **says}, profiles)


def rules(count: int, expression: str) -> list[dict[str, Any]]:
    """Different ones, so that none is the other."""
    one = {"severity": "error", "human": "x"}
    return [{**one, "key": f"x-{n}", "expression": f"{expression} or {n} = 0"} for n in range(count)]


def test_many_rules_that_each_take_long_are_bounded_together() -> None:
    heavy = [profile(row("Patient", "Patient", constraint=rules(200, LONG)), url=f"http://e.org/{n}") for n in range(5)]
    found = judged(*heavy)
    assert any("it takes too many steps" in issue.text for issue in found)
    assert all(issue.refuses for issue in found)


def test_a_rule_that_takes_its_time_alone_is_judged() -> None:
    assert judged(profile(row("Patient", "Patient", constraint=rules(1, LONG)))) == ()


def test_many_items_of_many_slices_are_bounded() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
    rows = [row("Patient", "Patient"), row("Patient.extension", "Patient.extension", slicing=slicing)]
    for n in range(1000):
        rid = f"Patient.extension:s{n}"
        rows += [
            row(rid, "Patient.extension", sliceName=f"s{n}"),
            row(f"{rid}.url", "Patient.extension.url", fixedUri=f"http://e.org/{n}"),
        ]
    sliced = profile(*rows)
    extensions = [{"url": f"http://e.org/{n}", "valueString": "x"} for n in range(1000)]
    assert [issue.code for issue in judged(sliced, extension=extensions)] == ["too-costly"]
    assert judged(sliced, extension=extensions[:20]) == ()
