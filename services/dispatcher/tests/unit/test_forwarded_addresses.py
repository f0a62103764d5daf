"""Whose address proves a consent where proxies stand in front, over real connections."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import httpx
import pytest

from common.contracts.ingestion import ConsentConfirmed
from common.telemetry import serve
from services.dispatcher.tests.edge import World, edge_world
from services.dispatcher.tests.making import delivery_id
from services.dispatcher.tests.unit.test_confirming import ASKED, LINK

HERE = "127.0.0.1"
Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(*texts: str) -> Networks:
    return tuple(ip_network(text) for text in texts)


async def proof(trusted: Networks, *forwarded: str, header: str = "X-Forwarded-For") -> str | None:
    """The address that is noted when this machine presses the button and says that of others."""
    async with edge_world() as world:
        world.archive.askings[delivery_id()] = ASKED
        await _press(world, trusted, [(header, value) for value in forwarded])
        ((_, event),) = world.accepted.records
    return event.payload(ConsentConfirmed).ip


async def _press(world: World, trusted: Networks, headers: list[tuple[str, str]]) -> None:
    async with (
        serve(world.app, HERE, 0, trusted_proxies=trusted) as port,
        httpx.AsyncClient(base_url=f"http://{HERE}:{port}") as client,
    ):
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        assert (await client.post(f"/c/{LINK}", headers=raw)).status_code == 200


@pytest.mark.parametrize("trusted", [(), networks("10.0.0.0/8", "2001:db8::/32")])
async def test_of_a_stranger_it_is_not_believed(
    trusted: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn's own, which must not count

    assert await proof(trusted, "203.0.113.9") == HERE


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9:51234"], "203.0.113.9"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:0DB8::1]:443"], "2001:db8::1"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9", "fd00::7"], "203.0.113.9"),
        (["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
    ],
)
async def test_behind_proxies_it_is_the_last_that_is_not_one_of_them(
    forwarded: list[str], address: str
) -> None:
    assert await proof(networks("127.0.0.1", "10.0.0.0/8", "fd00::/8"), *forwarded) == address


@pytest.mark.parametrize(
    "junk",
    ["unknown", "203.0.113.9, _hidden", "[", "]:", "1.2.3.4.5", "\xff\xfe", "::ffff::", "9" * 4000],
)
async def test_what_is_no_address_proves_nothing(junk: str) -> None:
    assert await proof(networks("127.0.0.1"), junk) is None


@pytest.mark.parametrize("empty", ["", ",", ", ,"])
async def test_a_proxy_that_says_nothing_hides_its_clients(empty: str) -> None:
    assert await proof(networks("127.0.0.1"), empty) == HERE
