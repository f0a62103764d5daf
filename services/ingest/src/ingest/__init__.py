"""Takes events in over HTTP, puts them onto Kafka and resolves who they belong to."""
