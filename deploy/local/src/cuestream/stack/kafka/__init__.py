"""Apache Kafka 4.1 in KRaft mode from Maven Central's jars, run on a JRE from a wheel."""

from __future__ import annotations

from cuestream.stack.kafka.broker import KafkaNode
from cuestream.stack.kafka.jars import kafka_jars
from cuestream.stack.kafka.java import find_java
from cuestream.stack.kafka.starter import RunningKafka, start_kafka

__all__ = ["KafkaNode", "RunningKafka", "find_java", "kafka_jars", "start_kafka"]
