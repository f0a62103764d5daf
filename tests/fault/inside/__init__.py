"""What runs inside a stack under test: its supervisor, and real services that take orders from the test."""
