"""Random plans, sights and edits, for the properties of views (SR-28, workflow.md 7.5)."""

import copy
from typing import Any

from hypothesis import strategies as st

from fhir_service.sight import ALL_BUT_HIDDEN, FRAME, OWN, Sight
from profiles import names
from profiles.resource import Resource

SECTORS = ("municipal-health", "school", "nav")
ORGANIZATIONS = ("Organization/health", "Organization/school", "Organization/nav")
_words = st.text("abcdefghij ", min_size=4, max_size=9).map(lambda text: f"ord {text}")


def sector(code: str) -> Resource:
    return {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": code}}


def hidden_from_representative() -> Resource:
    return {"url": names.IP_SECTOR, "valueCoding": {"system": names.LABEL, "code": "hidden-from-representative"}}


@st.composite
def activities(draw: st.DrawFn, number: int) -> Resource:
    told: Resource = {
        "status": draw(st.sampled_from(["scheduled", "in-progress"])),
        "description": f"tiltak {number} {draw(_words)}",
    }
    goals = draw(st.lists(st.sampled_from("gh"), unique=True, max_size=2))
    told |= {"goal": [{"reference": f"Goal/{goal}"} for goal in goals]} if goals else {}
    performer = draw(st.sampled_from([None, "#self", *ORGANIZATIONS]))
    told |= {"performer": [{"reference": performer}]} if performer else {}
    labels = [sector(code) for code in draw(st.lists(st.sampled_from(SECTORS), max_size=1))]
    labels += [hidden_from_representative()] if draw(st.booleans()) else []
    activity: Resource = {"id": f"a{number}"} if draw(st.integers(0, 4)) else {}
    return {**activity, **({"extension": labels} if labels else {}), "detail": told}


@st.composite
def plans(draw: st.DrawFn) -> Resource:
    listed = [draw(activities(number)) for number in range(draw(st.integers(0, 5)))]
    plan: Resource = {
        "resourceType": "CarePlan",
        "id": "p",
        "meta": {"versionId": "3", "lastUpdated": "2026-03-01T10:00:00Z"},
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}],
        "subject": {"reference": "Patient/1"},
        "title": draw(_words),
        "activity": listed,
        "goal": [{"reference": f"Goal/{goal}"} for goal in draw(st.lists(st.sampled_from("gh"), unique=True))],
        "extension": [
            {"url": names.IP_NEXT_REVIEW, "valueDate": "2026-09-01"},
            *(_contribution(who, draw(_words)) for who in draw(st.lists(st.sampled_from(ORGANIZATIONS), unique=True))),
        ],
    }
    if draw(st.booleans()):
        plan |= {
            "description": f"behov {draw(_words)}",
            "note": [{"text": f"notat {draw(_words)}"}],
            "text": {"status": "generated", "div": "<div/>"},
        }
    if any(p["reference"] == "#self" for a in listed for p in a["detail"].get("performer", ())):
        plan["contained"] = [{"resourceType": "Organization", "id": "self", "name": draw(_words)}]
    return {name: value for name, value in plan.items() if value != []}


def _contribution(who: str, what: str) -> Resource:
    parts = [{"url": "who", "valueReference": {"reference": who}}, {"url": "what", "valueString": what}]
    return {"url": names.IP_CONTRIBUTION, "extension": parts}


@st.composite
def sights(draw: st.DrawFn) -> Sight:
    if not draw(st.integers(0, 5)):
        return Sight(labels=frozenset({ALL_BUT_HIDDEN}), person="RelatedPerson/1")
    organization = draw(st.sampled_from(ORGANIZATIONS))
    sectors = draw(st.sets(st.sampled_from(SECTORS)))
    return Sight(labels=frozenset({FRAME, OWN + organization, *sectors}), organization=organization)


seen = st.sets(st.sampled_from(["Goal/g", "Goal/h"])).map(frozenset)


@st.composite
def edits(draw: st.DrawFn, view: Resource) -> Resource:
    """The view as somebody changes it: activities changed, removed and added, the frame and the goals changed."""
    edited: dict[str, Any] = copy.deepcopy(view)
    listed = []
    for activity in edited.get("activity", ()):
        what = draw(st.sampled_from(["keep", "keep", "change", "remove"]))
        if what == "change" and "id" in activity:
            activity["detail"]["description"] = f"{draw(_words)} endret"
        if what != "remove" or "id" not in activity:
            listed.append(activity)
    listed += [draw(activities(100 + n)) | {"id": f"n{n}"} for n in range(draw(st.integers(0, 2)))]
    for activity in listed:
        if activity.get("id", "").startswith("n"):
            activity["detail"].pop("performer", None)
    edited["title"] = draw(st.sampled_from([edited["title"], "Ny tittel"]))
    edited.pop("activity", None)
    edited |= {"activity": listed} if listed else {}
    if draw(st.booleans()) and edited.get("goal"):
        edited["goal"] = edited["goal"][1:]
        if not edited["goal"]:
            del edited["goal"]
    return edited
