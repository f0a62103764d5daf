"""The language and the runtime that all services share."""
