"""Who has no right to a plan finds nothing of it, however they ask (SR-28, SR-29).

`KNUTEPUNKT_PROBES`: how many questions each caller asks; a few hundred unless it is set.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from tests import postgres
from tests.rest.conftest import BASE, Rest, opened_rest
from tests.rest.probing import CALLERS, RELATED, leaked, probes, told
from tests.rest.probing_worlds import FULL, NONE, PART, build

COUNT = int(os.environ.get("KNUTEPUNKT_PROBES", "60"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Rest]]:
    with ExitStack() as opened:
        made: dict[str, Rest] = {}
        for world in (FULL, PART, NONE):
            folder: Path = tmp_path_factory.mktemp(world)
            url = f"sqlite:///{folder / 'k.db'}"
            if request.param == "postgresql":
                url = opened.enter_context(postgres.empty_database())
            settings = Settings(database=url, mllp="", base_url=BASE)
            made[world] = opened.enter_context(opened_rest(settings, folder / "k.db"))
            build(made[world], world)
        yield made


@pytest.mark.parametrize("caller", CALLERS)
def test_who_has_no_right_cannot_tell_whether_there_is_a_plan(worlds: dict[str, Rest], caller: str) -> None:
    for probe in probes(list(CALLERS).index(caller), COUNT):
        answer = probe.ask(worlds[FULL], CALLERS[caller])
        assert leaked(probe, answer) == set(), (probe, answer.text)
        assert told(answer) == told(probe.ask(worlds[NONE], CALLERS[caller])), probe


@pytest.mark.parametrize("caller", RELATED)
def test_member_cannot_tell_what_others_have_in_the_plan(worlds: dict[str, Rest], caller: str) -> None:
    for probe in probes(50 + list(RELATED).index(caller), COUNT):
        answer = probe.ask(worlds[FULL], RELATED[caller])
        assert leaked(probe, answer) == set(), (probe, answer.text)
        assert told(answer) == told(probe.ask(worlds[PART], RELATED[caller])), probe
