"""Invariants of the data types.  https://hl7.org/fhir/R4/datatypes.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import (
    Json,
    Presence,
    Rule,
    either,
    exactly_one,
    has,
    has_choice,
    needs,
    not_both,
    number,
    text,
    texts,
)
from profiles.checking.rules.looking import child as part
from profiles.checking.times import certainly_after

UCUM = "http://unitsofmeasure.org"


def _extension_or_value(value: Json) -> bool:
    return has(value, "extension") != has_choice(value, "value")


def _ordered_period(value: Json) -> bool:
    start, end = value.get("start"), value.get("end")
    if type(start) is str and type(end) is str and len(start) == len(end) == 10 and start <= end:
        return True  # whole days, nearly always
    return not certainly_after(start, end)


def _ordered_range(value: Json) -> bool:
    low, high = part(value, "low"), part(value, "high")
    least, most = number(low, "value"), number(high, "value")
    # quantities of different units cannot be compared
    return least is None or most is None or text(low, "code") != text(high, "code") or least <= most


def _ratio(value: Json) -> bool:
    top, bottom = has(value, "numerator"), has(value, "denominator")
    return top == bottom and (top or has(value, "extension"))


def _in_ucum(value: Json) -> bool:
    return needs("value", "code")(value) and text(value, "system") in ("", UCUM)


def _age(value: Json) -> bool:
    years = number(value, "value")
    return _in_ucum(value) and (years is None or years > 0)


def _count(value: Json) -> bool:
    amount = number(value, "value")
    return _in_ucum(value) and text(value, "code") in ("", "1") and (amount is None or "." not in str(amount))


def _duration(value: Json) -> bool:
    return not has(value, "code") or (text(value, "system") == UCUM and has(value, "value"))


def _not_negative(name: str) -> Rule:
    def holds(value: Json) -> bool:
        amount = number(value, name)
        return amount is None or amount >= 0

    return holds


def _offset(value: Json) -> bool:
    meals = {"C", "CM", "CD", "CV"}
    return not has(value, "offset") or (has(value, "when") and meals.isdisjoint(texts(value, "when")))


def _trigger(value: Json) -> bool:
    wanted = {"named-event": has(value, "name"), "periodic": has_choice(value, "timing")}
    kind = text(value, "type")
    return has(value, "data") if kind.startswith("data-") else wanted.get(kind, True)


_CODE_HAS_SYSTEM = needs("code", "system")

DATATYPES: Mapping[str, Mapping[str, Rule]] = {
    # age-1: (code.exists() or value.empty()) and (system.empty() or system = %ucum) and (value.empty() or
    #   value.hasValue().not() or value > 0)
    # qty-3: code.empty() or system.exists()
    "Age": {"age-1": _age, "qty-3": _CODE_HAS_SYSTEM},
    # att-1: data.empty() or contentType.exists()
    "Attachment": {"att-1": needs("data", "contentType")},
    # cpt-2: value.empty() or system.exists()
    "ContactPoint": {"cpt-2": needs("value", "system")},
    # cnt-3: (code.exists() or value.empty()) and (system.empty() or system = %ucum) and (code.empty() or code = '1')
    #   and (value.empty() or value.hasValue().not() or value.toString().contains('.').not())
    # qty-3: code.empty() or system.exists()
    "Count": {"cnt-3": _count, "qty-3": _CODE_HAS_SYSTEM},
    # drq-1: path.exists() xor searchParam.exists()
    "DataRequirement.codeFilter": {"drq-1": exactly_one("path", "searchParam")},
    # drq-2: path.exists() xor searchParam.exists()
    "DataRequirement.dateFilter": {"drq-2": exactly_one("path", "searchParam")},
    # dis-1: (code.exists() or value.empty()) and (system.empty() or system = %ucum)
    # qty-3: code.empty() or system.exists()
    "Distance": {"dis-1": _in_ucum, "qty-3": _CODE_HAS_SYSTEM},
    # drt-1: code.exists() implies ((system = %ucum) and value.exists())
    # qty-3: code.empty() or system.exists()
    "Duration": {"drt-1": _duration, "qty-3": _CODE_HAS_SYSTEM},
    # exp-1: expression.exists() or reference.exists()
    "Expression": {"exp-1": either("expression", "reference")},
    # ext-1: extension.exists() != value.exists()
    "Extension": {"ext-1": Presence(_extension_or_value)},
    # per-1: start.hasValue().not() or end.hasValue().not() or (start <= end)
    "Period": {"per-1": _ordered_period},
    # qty-3: code.empty() or system.exists()
    "Quantity": {"qty-3": _CODE_HAS_SYSTEM},
    # rng-2: low.empty() or high.empty() or (low <= high)
    "Range": {"rng-2": _ordered_range},
    # rat-1: (numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())
    "Ratio": {"rat-1": _ratio},
    # sqty-1: comparator.empty()
    "SimpleQuantity": {"sqty-1": lambda value: not has(value, "comparator")},
    "Timing.repeat": {
        # tim-1: duration.empty() or durationUnit.exists()
        "tim-1": needs("duration", "durationUnit"),
        # tim-2: period.empty() or periodUnit.exists()
        "tim-2": needs("period", "periodUnit"),
        # tim-4: duration.exists() implies duration >= 0
        "tim-4": _not_negative("duration"),
        # tim-5: period.exists() implies period >= 0
        "tim-5": _not_negative("period"),
        # tim-6: periodMax.empty() or period.exists()
        "tim-6": needs("periodMax", "period"),
        # tim-7: durationMax.empty() or duration.exists()
        "tim-7": needs("durationMax", "duration"),
        # tim-8: countMax.empty() or count.exists()
        "tim-8": needs("countMax", "count"),
        # tim-9: offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))
        "tim-9": _offset,
        # tim-10: timeOfDay.empty() or when.empty()
        "tim-10": not_both("timeOfDay", "when"),
    },
    "TriggerDefinition": {
        # trd-1: data.empty() or timing.empty()
        "trd-1": lambda value: not (has(value, "data") and has_choice(value, "timing")),
        # trd-2: condition.exists() implies data.exists()
        "trd-2": needs("condition", "data"),
        # trd-3: (type = 'named-event' implies name.exists()) and (type = 'periodic' implies timing.exists()) and
        #   (type.startsWith('data-') implies data.exists())
        "trd-3": _trigger,
    },
}
