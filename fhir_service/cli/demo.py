"""`knutepunkt demo`: a demo population, told to a running service through its own ports."""

from typing import Annotated

import typer

from fhir_service.cli.console import Problem, out


def demo(
    http: Annotated[
        str, typer.Option(help="The service over HTTP: HOST:PORT or a URL.", envvar="KNUTEPUNKT_HTTP")
    ] = "127.0.0.1:8000",
    mllp: Annotated[
        str, typer.Option(help="The service over MLLP: HOST:PORT.", envvar="KNUTEPUNKT_MLLP")
    ] = "127.0.0.1:2575",
) -> None:
    """Fill a running service with a small believable municipality (synthetic persons).

    Every person arrives the way real ones do: as messages over MLLP and as plain FHIR REST.
    """
    import httpx

    from adapters.mllp import MllpError, Unreachable
    from fhir_service.demo import run
    from fhir_service.demo.hub import Unexpected

    def progress(title: str, outcome: str) -> None:
        out().print(f"  [green]✓[/] [bold]{title}[/]  {outcome}")

    out().print("The demo sends messages and FHIR requests to the service:")
    try:
        count = run(http, mllp, progress)
    except (httpx.ConnectError, Unreachable) as refused:
        raise Problem(
            f"nobody listens at {http} or {mllp}: start the service (knutepunkt serve), or say where it is."
        ) from refused
    except ValueError as invalid:
        raise Problem(str(invalid)) from invalid
    except (Unexpected, httpx.HTTPError, MllpError) as failed:
        raise Problem(
            f"the demo stopped half-way: {failed}\nStart the service on an empty database and try again."
        ) from failed
    out().print(f"{count} stories told now. See them with: knutepunkt inbox")
