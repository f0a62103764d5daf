"""The catalog: what is for sale, of which sources tell as they tell of people."""
