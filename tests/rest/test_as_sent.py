"""What is accepted comes back as it was sent (SR-20)."""

import json

import pytest

from tests.rest.conftest import FHIR_JSON, Rest

NUMBERS = ("1e3", "1.10", "-0.0", "1E+3", "0.00000001", "1.0E-7", "100", "1e0", "1234567.000")


def observation(number: str) -> str:
    quantity = f'{{"value":{number},"unit":"x"}}'
    return f'{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{quantity}}}'


@pytest.mark.parametrize("number", NUMBERS)
def test_a_decimal_keeps_its_spelling_on_every_way(rest: Rest, number: str) -> None:
    """Create, read, search, update, patch of another element, transaction."""
    made = rest("POST", "Observation", content=observation(number), headers=FHIR_JSON)
    assert made.status_code == 201, made.text
    rid, wanted = made.json()["id"], f'"value":{number},'
    patched = rest.patch(f"Observation/{rid}", [{"op": "replace", "path": "/status", "value": "amended"}])
    merge = {"content-type": "application/merge-patch+json"}
    merged = rest("PATCH", f"Observation/{rid}", content=b'{"status":"corrected"}', headers=merge)
    resource = observation(number)[:-1] + f',"id":"{rid}"}}'
    entry = f'{{"resource":{resource},"request":{{"method":"PUT","url":"Observation/{rid}"}}}}'
    bundle = f'{{"resourceType":"Bundle","type":"TYPE","entry":[{entry}]}}'
    prefer = FHIR_JSON | {"prefer": "return=representation"}
    together = [rest("POST", "", content=bundle.replace("TYPE", t), headers=prefer) for t in ("batch", "transaction")]
    read, found = rest.get(f"Observation/{rid}"), rest.get(f"Observation?_id={rid}")
    for answer in (made, patched, merged, *together, read, found):
        assert wanted in answer.text


def test_the_order_of_elements_and_every_character_stay(rest: Rest) -> None:
    sent = {
        "resourceType": "Patient",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Blåbærsyltetøy \u2028 𝄞</div>',
        },
        "birthDate": "1950-01-01",
        "_birthDate": {"extension": [{"url": "https://example.org/unknown", "valueDecimal": 1}]},
        "name": [{"given": ["Å", "A\u030a"], "family": 'Ødegård "/\\ \t'}],
        "active": True,
        "extension": [{"url": "https://example.org/unknown", "extension": [{"url": "a", "valueString": "\U0001f9d1"}]}],
    }
    stored = rest.stored(sent)
    back = {k: v for k, v in rest.get(f"Patient/{stored['id']}").json().items() if k not in ("id", "meta")}
    assert json.dumps(back) == json.dumps(sent)
