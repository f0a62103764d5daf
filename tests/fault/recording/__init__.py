"""A small true history without Kafka and PostgreSQL: the services' own consumers on the fakes, over a few visitors."""

from tests.fault.recording.chain import Recording, record

__all__ = ["Recording", "record"]
