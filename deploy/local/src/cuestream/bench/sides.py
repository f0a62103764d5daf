"""The two sides of a bench: our processes, and the bare loop."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from typing_extensions import override

from common.clock import utc_now
from common.configuration import Content, content_of
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.ids import derive
from common.kafka import KafkaLog
from common.settings import KafkaSettings
from common.streaming.ports import Outgoing, Place
from cuestream.failures import UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.foreground import Foreground
from cuestream.stack.launch import Command
from cuestream.stack.ports import LOOPBACK, free_port

KEY, BROWSER_KEY = "cs_s_bench", "cs_b_bench"
ORIGIN = "https://shop.example"
WORKSPACE = "bench"
WORKERS = 2
WORKSPACE_FILE = f"""
quota: {{events_per_second: 2000000, burst: 20000000}}
sources:
  shop:
    kind: server
    key_sha256: {sha256(KEY.encode()).hexdigest()}
    limits: {{events_per_second: 1000000, burst: 10000000}}
  site:
    kind: browser
    key_sha256: {sha256(BROWSER_KEY.encode()).hexdigest()}
    origins: ["{ORIGIN}"]
senders: {{email: {{adapter: smtp, from: bench@shop.example, from_name: Bench}}}}
contact_policy: {{time_zone: Europe/Berlin}}
brand: {{name: Bench, url: "https://shop.example/", imprint: Bench}}
locales: [en]
"""
"""Its limits nobody meets, but they are counted; nothing is capped."""
PLANNED = ("Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started")
"""The bench's events, in turn."""
_PLAN = """
unknown_events: quarantine
violations: quarantine
events:
"""
_PLANNED = """
  {name}:
    schema:
      type: object
      required: [cart_id, product_id, price, quantity, currency]
      properties:
        cart_id: {{type: string, minLength: 1}}
        product_id: {{type: string, pattern: "^p-[0-9]+$"}}
        sku: {{type: string}}
        category: {{type: string}}
        name: {{type: string, maxLength: 200}}
        price: {{type: number, minimum: 0}}
        quantity: {{type: integer, minimum: 1}}
        currency: {{enum: [EUR, USD]}}
        url: {{type: string}}
"""
PLAN_FILE = _PLAN + "".join(_PLANNED.format(name=name) for name in PLANNED)
"""Every event of the bench is held against it, and keeps to it."""
_EMPTY = b'{"batch":[]}'


class Side(Foreground):
    """A collector that several processes answer for on one port."""

    def __init__(self, name: str, port: int, command: Command) -> None:
        super().__init__(name, command)
        self.port = port

    @override
    def is_ready(self) -> bool:
        """Whether every process takes requests: each new connection meets one of them."""
        return all(_answers(self.port) for _ in range(4 * WORKERS))

    @override
    def stop(self, *, timeout: float = 10.0) -> None:
        """Nothing is lost by ending all of them at once: every answer was waited for."""
        self.kill()


def ours(stack: ExitStack, settings: KafkaSettings, folder: Path) -> Side:
    """The collector as it ships."""
    port = free_port()
    environment = {
        **inherited_environment(),
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "CUESTREAM_TOPIC_PREFIX": settings.topic_prefix,
        "CUESTREAM_PORT": str(port),
        "CUESTREAM_WORKERS": str(WORKERS),
        "CUESTREAM_LOG_LEVEL": "warning",
    }
    argv = (sys.executable, "-m", "ingest", "api")
    return stack.enter_context(Side("ours", port, Command(argv, folder / "ours.log", environment)))


def bare(stack: ExitStack, script: Path, settings: KafkaSettings, topic: str, folder: Path) -> Side:
    """The bare loop, from the repository.

    Raises:
        UsageError: it is not there.
    """
    check_script(script)
    port = free_port()
    argv = (
        sys.executable,
        str(script),
        str(port),
        settings.kafka_bootstrap_servers,
        settings.topic_prefix + topic,
        str(WORKERS),
    )
    command = Command(argv, folder / "bare.log", inherited_environment())
    return stack.enter_context(Side("bare", port, command))


def check_script(script: Path) -> None:
    """See that a bare loop is there.

    Raises:
        UsageError: it is not.
    """
    if not script.is_file():
        raise UsageError(
            f"There is no {script} to measure against.",
            "Run this in the project's folder, or name the ceilings' with --ceilings.",
        )


async def publish(
    log: KafkaLog,
    name: str = WORKSPACE,
    file: str = WORKSPACE_FILE,
    plan: str | None = PLAN_FILE,
    more: Sequence[Content] = (),
) -> None:
    """A workspace, the bench's unless another is given: whose limits nobody meets, with a tracking plan; and playbooks."""
    contents = [content_of("workspace", name, {"workspace.yaml": file}), *more]
    if plan is not None:
        contents.append(content_of("tracking_plan", name, {"plan.yaml": plan}))
    released = ConfigurationReleased(
        number=1,
        contents=tuple(sorted(content.key for content in contents)),
        live=False,
        published_at=utc_now(),
        published_by="bench",
    )
    records = [
        *(_record(content.key, _published(content), name) for content in contents),
        _record(f"release/{name}", released, name),
    ]
    async with log.publisher() as publisher:
        await publisher.publish(Place("configuration", 0), records)


def _published(content: Content) -> ConfigurationPublished:
    return ConfigurationPublished(
        kind=content.kind, name=content.name, hash=content.hash, files=dict(content.files)
    )


def _record(key: str, payload: Payload, workspace: str) -> Outgoing:
    event = encode_event(
        payload,
        id=derive("bench", key),
        source="/cuestream/bench",
        subject=key,
        time=utc_now(),
        workspace=workspace,
        correlationid=derive("bench", key),
    )
    return Outgoing(key.encode(), event_bytes(event))


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("POST", "/v1/batch", _EMPTY, {"authorization": f"Bearer {KEY}"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
