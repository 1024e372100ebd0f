"""Invariants of questionnaires and their answers.  https://hl7.org/fhir/R4/questionnaire.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    children,
    distinct,
    has,
    not_both,
    only_when,
    text,
    unless,
    within,
)

_ANSWERS_LISTED = ("choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity")
_ANSWERS_TYPED = ("boolean", "decimal", "integer", "string", "text", "url", "open-choice")


def _unique_links(value: Json) -> bool:
    return distinct([text(item, "linkId") for item in within(value, "item")])


def _nested(value: Json) -> bool:
    kind = text(value, "type")
    return has(value, "item") if kind == "group" else not (kind == "display" and has(value, "item"))


def _may_list_answers(value: Json) -> bool:
    listed = has(value, "answerValueSet") or has(value, "answerOption")
    return not listed or text(value, "type") in _ANSWERS_LISTED


def _all_or_any(value: Json) -> bool:
    return len(list(children(value, "enableWhen"))) <= 2 or has(value, "enableBehavior")


def _one_initial(value: Json) -> bool:
    return value.get("repeats") is True or len(list(children(value, "initial"))) <= 1


def _exists_is_boolean(value: Json) -> bool:
    return text(value, "operator") != "exists" or has(value, "answerBoolean")


QUESTIONNAIRES: Mapping[str, Mapping[str, Rule]] = {
    # que-2: descendants().linkId.isDistinct()
    "Questionnaire": {"que-2": _unique_links},
    "Questionnaire.item": {
        # que-1: (type='group' implies item.empty().not()) and (type.trace('type')='display' implies
        #   item.trace('item').empty())
        "que-1": _nested,
        # que-3: type!='display' or code.empty()
        "que-3": unless("type", "display", "code"),
        # que-4: answerOption.empty() or answerValueSet.empty()
        "que-4": not_both("answerOption", "answerValueSet"),
        # que-5: (type ='choice' or type = 'open-choice' or type = 'decimal' or type = 'integer' or type = 'date' or
        #   type = 'dateTime' or type = 'time' or type = 'string' or type = 'quantity') or (answerValueSet.empty() and
        #   answerOption.empty())
        "que-5": _may_list_answers,
        # que-6: type!='display' or (required.empty() and repeats.empty())
        "que-6": unless("type", "display", "required", "repeats"),
        # que-8: (type!='group' and type!='display') or initial.empty()
        "que-8": lambda value: text(value, "type") not in ("group", "display") or not has(value, "initial"),
        # que-9: type!='display' or readOnly.empty()
        "que-9": unless("type", "display", "readOnly"),
        # que-10: (type in ('boolean' | 'decimal' | 'integer' | 'string' | 'text' | 'url' | 'open-choice')) or
        #   maxLength.empty()
        "que-10": only_when("maxLength", "type", *_ANSWERS_TYPED),
        # que-11: answerOption.empty() or initial.empty()
        "que-11": not_both("answerOption", "initial"),
        # que-12: enableWhen.count() > 2 implies enableBehavior.exists()
        "que-12": _all_or_any,
        # que-13: repeats=true or initial.count() <= 1
        "que-13": _one_initial,
    },
    # que-7: operator = 'exists' implies (answer is Boolean)
    "Questionnaire.item.enableWhen": {"que-7": _exists_is_boolean},
    # qrs-1: (answer.exists() and item.exists()).not()
    "QuestionnaireResponse.item": {"qrs-1": not_both("answer", "item")},
}
