"""Invariants of test scripts and reports.  https://hl7.org/fhir/R4/testscript.html"""

from collections.abc import Mapping

from profiles.checking.rules.looking import Json, Rule, at_most_one, child, children, either, exactly_one, has, text

INTERACTIONS_OF_ALL = ("capabilities", "search", "transaction", "history")
_ONE_ASSERTION = at_most_one(
    "contentType",
    "expression",
    "headerField",
    "minimumId",
    "navigationLinks",
    "path",
    "requestMethod",
    "resource",
    "responseCode",
    "response",
    "validateProfileId",
)


def _says_what_to_call(value: Json) -> bool:
    named = sum(has(value, name) for name in ("targetId", "url", "params"))
    return has(value, "sourceId") or named == 1 or text(child(value, "type"), "code") in INTERACTIONS_OF_ALL


def _one_assertion(value: Json) -> bool:
    return has(value, "extension") or _ONE_ASSERTION(value)


def _compares(value: Json) -> bool:
    compared = has(value, "compareToSourceExpression") or has(value, "compareToSourcePath")
    return has(value, "compareToSourceId") == compared


def _response_of_response(value: Json) -> bool:
    asks = text(value, "direction") == "request"
    return not asks or not (has(value, "response") or has(value, "responseCode"))


_ACTION = exactly_one("operation", "assert")

TESTING: Mapping[str, Mapping[str, Rule]] = {
    # inv-1: operation.exists() xor assert.exists()
    "TestReport.setup.action": {"inv-1": _ACTION},
    # inv-2: operation.exists() xor assert.exists()
    "TestReport.test.action": {"inv-2": _ACTION},
    "TestScript.metadata": {
        # tst-4: capability.required.exists() or capability.validated.exists()
        "tst-4": lambda value: any(map(either("required", "validated"), children(value, "capability"))),
    },
    # tst-1: operation.exists() xor assert.exists()
    "TestScript.setup.action": {"tst-1": _ACTION},
    "TestScript.setup.action.assert": {
        # tst-5: extension.exists() or (contentType.count() + expression.count() + headerField.count() +
        #   minimumId.count() + navigationLinks.count() + path.count() + requestMethod.count() + resource.count() +
        #   responseCode.count() + response.count() + validateProfileId.count() <=1)
        "tst-5": _one_assertion,
        # tst-10: compareToSourceId.empty() xor (compareToSourceExpression.exists() or compareToSourcePath.exists())
        "tst-10": _compares,
        # tst-12: (response.empty() and responseCode.empty() and direction = 'request') or direction.empty() or
        #   direction = 'response'
        "tst-12": _response_of_response,
    },
    # tst-7: sourceId.exists() or (targetId.count() + url.count() + params.count() = 1) or (type.code in ('capabilities'
    #   |'search' | 'transaction' | 'history'))
    "TestScript.setup.action.operation": {"tst-7": _says_what_to_call},
    # tst-2: operation.exists() xor assert.exists()
    "TestScript.test.action": {"tst-2": _ACTION},
    "TestScript.variable": {
        # tst-3: expression.empty() or headerField.empty() or path.empty()
        "tst-3": lambda value: not all(has(value, name) for name in ("expression", "headerField", "path")),
    },
}
