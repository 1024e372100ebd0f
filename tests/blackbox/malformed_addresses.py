"""Malformed addresses, searches and conditions."""

import random

from .malformed_request import FHIR_JSON, FORM, PATIENT, SECRET, Headers, Malformed, request


def conditions(chance: random.Random) -> Malformed:
    """If-Match and its like, malformed or stale."""
    name = chance.choice(("If-Match", "If-Match", "If-None-Match", "If-Unmodified-Since", "If-None-Exist", "Accept"))
    value = chance.choice(
        (
            SECRET,
            "",
            'W/"',
            'W/"1" W/"2"',
            'W/"-1"',
            'W/"99999999999999999999"',
            b"\xff\xfe",
            "*,*",
            "%ff",
            "a=b&c",
            ";q=0",
        )
    )
    if name == "If-None-Exist":
        return Malformed("condition", request("POST", "/fhir/Patient", (FHIR_JSON, (name, value)), PATIENT))
    body = b'{"resourceType":"Patient","id":"p1"}'
    statuses = (*range(400, 500), *((200, 201) if name == "Accept" and not value else ()))
    return Malformed("condition", request("PUT", "/fhir/Patient/p1", (FHIR_JSON, (name, value)), body), statuses)


def searches(chance: random.Random) -> Malformed:
    """Parameters, modifiers, prefixes and values that are not understood."""
    query = chance.choice(
        (
            *(f"{SECRET}=1", f"name:{SECRET}=1", f"birthdate={SECRET}", "birthdate=xx2020", "birthdate=2020-02-30"),
            *(
                "_count=-1",
                "_count=many",
                "_count=1.5",
                "_sort=colour",
                "_sort=",
                "_include=*:*:*:*",
            ),
            *(
                "_id=",
                "_lastUpdated=",
                f"_page={SECRET}",
                "_page=AAAA",
                "_format=xml",
                f"_format={SECRET}",
                "_pretty=1",
            ),
            *(
                "name=%ff",
                "name=%00",
                "name=a%00b",
                "name=" + "a" * 5000,
                "&".join(["name=x"] * 500),
                "identifier=%ed%a0%80",
            ),
            *(
                "_has:A:b:c=1",
                "subject.name=x",
                "_filter=a",
                f"_query={SECRET}",
                "_type=Patient",
                "active=maybe",
                "name",
            ),
            *(
                "_total=some",
                "general-practitioner:Device=1",
                "birthdate=ge",
                "_sort=-",
                "link=a/b/c/d/e/f/../..",
                "=x",
            ),
        )
    )
    if chance.random() < 0.4:
        return Malformed("search", request("POST", "/fhir/Patient/_search", (FORM,), query.encode()))
    return Malformed("search", request("GET", "/fhir/Patient?" + query), (*range(400, 500),))


def paths(chance: random.Random) -> Malformed:
    """Addresses that lead nowhere, and should."""
    pieces = (
        "..",
        ".",
        "%2e%2e",
        "%2f",
        "",
        "%00",
        "%0d%0aX: y",
        "%ff",
        "%",
        "%zz",
        "$x",
        "*",
        "_search",
        "_history",
        "Goal",
        "%24validate",
        SECRET,
        "a" * 70,
        "etc",
        "\\",
        "_",
    )
    middle = "/".join(chance.choice(pieces) for _ in range(chance.randint(1, 5)))
    target = (
        chance.choice(("/fhir/", "/fhir/Patient/", "/fhir/Patient/p1/", "/fhir/../", "//fhir/", "/"))
        + chance.choice(("", "Patients/"))
        + middle
    )
    method = chance.choice(("GET", "HEAD", "POST", "DELETE", "OPTIONS"))
    may_be = (*range(400, 500), 200, 204)  # `/.`, deleting what is not there
    return Malformed("path", request(method, target, (FHIR_JSON,)), may_be)


NO_SEARCH = (
    *("colour=red", "_count=-1", "_count=x", "_sort=-", "_total=some", "_page=AAAA", "_elements=a.b.c", "_elements="),
    *("_summary=some", "_type=Sandwich", "_type=", "_lastUpdated=never", "_format=ttl", "_pretty=maybe", "_id="),
    *("_has:A:b:c=1", "_has:Observation:patient", "_has:::=x", f"_tag:{SECRET}=1", "=x", "%ff=1", "_tag=%00"),
    "&".join(["_lastUpdated=gt2020"] * 300),
    "_sort=" + ",".join(["_id"] * 1000),
)
NO_CHAIN = (
    *("general-practitioner.colour=x", "general-practitioner:Patient.name=x", f"link:{SECRET}.name=x"),
    *("general-practitioner:Organization.colour=x", "general-practitioner..name=x", "general-practitioner.=x"),
    *(".name=x", "organization.partof." * 40 + "name=x", "_has:Task:subject:" * 40 + "status=draft"),
    *("_has:Task:status:status=draft", "_has:Task:patient:colour=red", "_include=Patient:colour", "_include=*:*:*"),
    *("_revinclude=Task", "_include:colour=Patient:link", "_revinclude:iterate=Colour:red", f"_include={SECRET}"),
)


def far_searches(chance: random.Random) -> Malformed:
    """Searches over everything and within compartments, and what leads from one resource to others."""
    place = chance.choice(("", "/_search", "/Patient/p1/Goal", "/Patient/p1/*", "/Patient/p1/*/_search", "/Patient"))
    query = chance.choice(NO_CHAIN if place == "/Patient" else NO_SEARCH)
    if place.endswith("_search"):
        return Malformed("far search", request("POST", f"/fhir{place}", (FORM,), query.encode()))
    return Malformed("far search", request(chance.choice(("GET", "HEAD")), f"/fhir{place}?{query}"))


def histories(chance: random.Random) -> Malformed:
    """Periods, counts and page links of histories that are none."""
    place = chance.choice(("/Patient/p1/_history", "/Patient/_history", "/_history"))
    value = chance.choice((SECRET, "", "-1", "1e9", "never", "2020-02-30", "ge2020", "%00", "%ff", "9" * 400, "AAAA"))
    # nothing but digits is a count, and a year of four
    name = chance.choice(("_since", "_at", "_sort", "_total", "_page", "_list", SECRET, "_elements", "_summary"))
    return Malformed("history", request(chance.choice(("GET", "HEAD")), f"/fhir{place}?{name}={value}"))


def exports(chance: random.Random) -> Malformed:
    """Exports that cannot be, and files and states of exports that are not there."""
    place = chance.choice(("/fhir", "/fhir/Patient", "/fhir/Group/none", "/fhir/Patient/p1", "/fhir/Group"))
    name, value = chance.choice(
        (
            *(("_type", "Sandwich"), ("_type", ","), ("_since", "never"), ("_since", "2020-02-30"), ("_until", "2020")),
            *(("_outputFormat", "text/csv"), ("_outputFormat", SECRET), ("_typeFilter", "Patient?colour=red")),
            *(
                ("_elements", "a.b.c.d"),
                ("patient", SECRET),
                (SECRET, "1"),
                ("_since", "%00"),
                ("includeAssociatedData", "x"),
            ),
        )
    )
    asynchronously: Headers = (("Prefer", chance.choice(("respond-async", "respond-sync", ""))),)
    target = chance.choice(
        (
            f"{place}/$export?{name}={value}",
            f"/fhir/$export-status/{SECRET}",
            "/fhir/$export-status/../../etc/passwd",
            "/fhir/$export-file/%2e%2e%2f%2e%2e%2fk.db",
            f"/fhir/$export-file/{'a' * 300}",
        )
    )
    return Malformed("export", request(chance.choice(("GET", "DELETE", "POST")), target, asynchronously))


def page_links(chance: random.Random) -> Malformed:
    """Page links that were never given out here."""
    length = chance.choice((1, 7, 40, 64, 200, 2000, 20_000))
    token = "".join(chance.choice("ABCDabcd0189-_=.%2B~") for _ in range(length))
    place = chance.choice(("Patient", "", "_history", "Patient/_history", "Patient/p1/_history", "Patient/$everything"))
    twice = chance.choice(("", f"&_page={token}", "&name=a", "&_count=5"))
    return Malformed("page link", request("GET", f"/fhir/{place}?_page={token}{twice}"))
