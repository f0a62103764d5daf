"""What orchestrator needs of the world, as Protocols in its own words."""
