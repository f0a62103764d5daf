"""One Kafka node: its settings, its formatted folder and the command that runs it."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cuestream.failures import UnreachableError
from cuestream.stack.kafka.java import Java
from cuestream.stack.launch import Command
from cuestream.stack.ports import LOOPBACK

# Java 25 also archives adapters and stubs, and then complains at every start about some of them.
_ONLY_CLASSES = (
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",
    "-XX:-AOTStubCaching",
)

# A broker that serves one machine for minutes spends more on compiling itself than on the work: measured, these halve its
# CPU time and give the chain a third more events.
_FRUGAL = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True, slots=True)
class KafkaNode:
    """Broker and controller in one process.

    A cluster of several nodes is the same settings with more voters.
    """

    data: Path
    port: int
    voters: Mapping[int, int]
    """Every node's id and the port at which the others reach its controller."""
    node_id: int = 1
    controller_port: int | None = None
    """Where its controller listens, when the others reach it elsewhere."""
    told_port: int | None = None
    """Where clients and the other brokers are told to go, when that is not `port`."""
    cluster: str = "cuestream-local"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def is_formatted(self) -> bool:
        return (self.data / "logs" / "meta.properties").exists()

    @property
    def properties_file(self) -> Path:
        return self.data / "server.properties"

    def properties(self) -> str:
        """The contents of `server.properties`."""
        replicas = str(min(3, len(self.voters)))
        quorum = ",".join(f"{id_}@{LOOPBACK}:{port}" for id_, port in sorted(self.voters.items()))
        in_sync = str((int(replicas) + 1) // 2)
        controller_port = self.controller_port or self.voters[self.node_id]
        values = {
            "process.roles": "broker,controller",
            "node.id": str(self.node_id),
            "controller.quorum.voters": quorum,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},"
            f"CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{self.told_port or self.port},"
            f"CONTROLLER://{LOOPBACK}:{self.voters[self.node_id]}",
            "log.dirs": str(self.data / "logs"),
            # Topics are made from topics.yaml, never by a typo.
            "auto.create.topics.enable": "false",
            "log.message.timestamp.type": "LogAppendTime",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "unclean.leader.election.enable": "false",
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            # A lone member need not wait for others; tests may ask for short sessions.
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            # A killed broker may register again only when its last session has run out: sooner than the usual
            # 9 s, yet not so soon that a busy machine loses its only broker.
            "broker.session.timeout.ms": "6000",
            "broker.heartbeat.interval.ms": "1000",
            # Sized for a laptop: few groups, a small heap (the cleaner takes 128 MiB by default).
            "offsets.topic.num.partitions": "3",
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
            "num.network.threads": "2",
            "num.io.threads": "4",
            "background.threads": "2",
            **self.settings,
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def prepare(self, java: Java, jars: Sequence[Path]) -> None:
        """Write the settings and format the folder; the same run makes the archive of classes.

        Raises:
            UnreachableError: Kafka's tool refuses.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        self.properties_file.write_text(self.properties())
        archive = _archive(java, jars)
        if self.is_formatted and (archive is None or archive.exists()):
            return
        if archive is not None and not archive.exists():
            draft = archive.with_name(f"{archive.name}.{os.getpid()}.{self.node_id}")
            done = self._format(java, jars, *_ONLY_CLASSES, f"-XX:AOTCacheOutput={draft}")
            if done.returncode == 0 and draft.exists():
                draft.replace(archive)
                return
        done = self._format(java, jars)  # an archive is a convenience, the format is not
        if done.returncode != 0:
            raise UnreachableError(f"Kafka could not format {self.data}: {done.stderr.strip()}")

    def command(
        self, java: Java, jars: Sequence[Path], log: Path, env: Mapping[str, str]
    ) -> Command:
        """What runs the node in the foreground."""
        heap = ("-Xms128m", "-Xmx512m") if len(self.voters) == 1 else ("-Xms64m", "-Xmx256m")
        options = [*heap, *_FRUGAL, "-XX:+ExitOnOutOfMemoryError"]
        archive = _archive(java, jars)
        if archive is not None and archive.exists():
            options.append(f"-XX:AOTCache={archive}")
        argv = [*_java_argv(java, jars, *options), "kafka.Kafka", str(self.properties_file)]
        return Command(argv=tuple(argv), log=log, env=env)

    def _format(
        self, java: Java, jars: Sequence[Path], *options: str
    ) -> subprocess.CompletedProcess[str]:
        argv = _java_argv(java, jars, "-XX:TieredStopAtLevel=1", *options)
        argv += ["kafka.tools.StorageTool", "format", "--cluster-id", _cluster_id(self.cluster)]
        argv += ["--config", str(self.properties_file), "--ignore-formatted"]
        return subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603  our own argv


def _archive(java: Java, jars: Sequence[Path]) -> Path | None:
    """Beside the jars: it holds good for exactly these."""
    return None if java.archive is None else jars[0].parent / java.archive


def _java_argv(java: Java, jars: Sequence[Path], *options: str) -> list[str]:
    return [
        str(java.binary),
        *options,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        "-Djava.awt.headless=true",
        "-cp",
        ":".join(str(jar) for jar in jars),
    ]


def _cluster_id(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
