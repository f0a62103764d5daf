"""The ports on Kafka that are not the runtime's: announcing configuration, reading the past, following decisions."""
