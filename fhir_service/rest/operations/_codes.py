"""The answer of both `$validate-code`."""

from fhir_service.rest.exchange import Reply
from fhir_service.rest.operations._replies import out, parameters_reply
from fhir_service.workflow.terminology_validate import Verdict


def told(verdict: Verdict) -> Reply:
    """result, message and display, as far as there are any."""
    parameters = [out("result", "boolean", verdict.result)]
    if verdict.message:
        parameters.append(out("message", "string", verdict.message))
    if verdict.display:
        parameters.append(out("display", "string", verdict.display))
    return parameters_reply(parameters)
