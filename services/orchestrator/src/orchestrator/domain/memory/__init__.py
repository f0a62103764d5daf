"""What is remembered of a profile besides its passages: contacts, timers of triggers, products looked at."""
