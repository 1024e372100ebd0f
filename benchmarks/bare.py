"""The 100 % mark: a bare ASGI function that answers every request with a static 3 KB body (stack.md)."""

BODY = b'{"resourceType":"CarePlan","text":"' + b"x" * 2960 + b'"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(BODY)).encode())],
}
END = {"type": "http.response.body", "body": BODY}


async def app(scope, receive, send):
    """Answer at once; a request's body is read to its end."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    while scope["method"] != "GET" and (await receive()).get("more_body"):
        pass
    await send(START)
    await send(END)
