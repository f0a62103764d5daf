"""Whoever sends too fast is told so, and every SDK then sends again until it is taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.compat.calls import Call, visit
from tests.compat.recorder import Recorder
from tests.compat.sdks import SDKS, Sdk, Start
from tests.compat.site import Site, Told, authorization, check
from tests.e2e.stack import eventually

pytestmark = pytest.mark.chain
TOO_FAST = 429
VISITS = 4


def test_whoever_is_refused_for_haste_sends_again(
    site: Site, start: Start, recorder: Recorder
) -> None:
    calls: dict[str, list[Call]] = {}
    sdks = {source: start(source, recorder.url) for source in SDKS}
    site.publish(hasty=False)
    try:
        with ThreadPoolExecutor(len(SDKS)) as pool:
            hurried = {
                source: pool.submit(hurry, sdk, source, recorder) for source, sdk in sdks.items()
            }
            calls = {source: said.result() for source, said in hurried.items()}
    finally:
        site.publish()
    assert {source: sdk.close() for source, sdk in sdks.items()} == {source: [] for source in SDKS}
    for source, said in calls.items():
        check(site, source, said, site.told(partial(Told.has, calls=said)))


def hurry(sdk: Sdk, source: str, recorder: Recorder) -> list[Call]:
    """Say more and more until it is refused; every worker grants a little first. Returns what was said."""
    said: list[Call] = []
    while not refused(recorder, source):
        before = len(recorder.of(authorization(source)))
        more = [
            call for number in range(VISITS) for call in visit(f"{source}-{len(said)}-{number}")
        ]
        sdk.say(more)
        said += more
        eventually(f"an answer to {source}", partial(answered, recorder, source, before), 60)
    return said


def answered(recorder: Recorder, source: str, before: int) -> bool:
    return len(recorder.of(authorization(source))) > before


def refused(recorder: Recorder, source: str) -> bool:
    return any(one.status == TOO_FAST for one in recorder.of(authorization(source)))
