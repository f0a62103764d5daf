"""The playbooks in force: what they say, who is under way in them, and what an operator does about that."""
