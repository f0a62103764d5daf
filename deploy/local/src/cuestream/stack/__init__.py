"""The local stack: real Kafka and PostgreSQL and the processes, supervised, without Docker."""
