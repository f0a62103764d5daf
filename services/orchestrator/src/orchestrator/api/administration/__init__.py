"""The keys of the admin api, and what was done with them."""
