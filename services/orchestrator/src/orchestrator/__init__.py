"""Runs the journeys and decides the next best action."""
