"""`python -m common.kafka topics`: create the topics of this installation, once Kafka answers."""

from __future__ import annotations

import asyncio
import sys

from common.errors import PermanentError, TransientError
from common.kafka.topics import ensure_topics
from common.settings import WRONG_SETTINGS, KafkaSettings, load_settings

_UNREACHABLE = 3


def main(arguments: list[str]) -> int:
    """Run the one-shot; 0 good, 2 wrong usage or configuration, 3 Kafka does not answer."""
    if arguments != ["topics"]:
        sys.stderr.write("usage: python -m common.kafka topics\n")
        return WRONG_SETTINGS
    try:
        partitions, created = asyncio.run(ensure_topics(load_settings(KafkaSettings)))
    except TransientError as error:
        sys.stderr.write(f"{error}\n")
        return _UNREACHABLE
    except PermanentError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    print(f"{len(created)} topics created; profile-keyed topics have {partitions} partitions")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
