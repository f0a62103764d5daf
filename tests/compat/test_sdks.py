"""The SDKs that shops have already work unchanged: all their calls, their compression, their patience."""

from __future__ import annotations

import pytest

from tests.compat.calls import KINDS, visit
from tests.compat.recorder import Recorder
from tests.compat.sdks import SDKS, Start
from tests.compat.site import Site, authorization, check

pytestmark = pytest.mark.chain


@pytest.mark.parametrize("source", SDKS)
def test_every_call_of_an_unmodified_sdk_arrives_once(
    site: Site, start: Start, recorder: Recorder, source: str
) -> None:
    calls = visit(f"{source}-anna")
    sdk = start(source, recorder.url)
    sdk.say(calls)

    assert sdk.close() == []
    exchanges = recorder.of(authorization(source))
    assert {(one.path, one.status) for one in exchanges} == {("/v1/batch", 200)}
    assert {one.packed for one in exchanges} == {source != "segment-node"}  # it never packs
    told = site.told(lambda told: told.has(calls))
    check(site, source, calls, told)


def test_there_are_six_calls() -> None:
    assert [call.kind for call in visit("x")] == list(KINDS)
