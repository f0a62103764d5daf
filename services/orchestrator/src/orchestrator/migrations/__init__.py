"""The schema of the orchestrator, as package data, so that an image can migrate."""
