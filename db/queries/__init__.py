"""Look-ups by subject: each takes a session and ids, each gives frozen dataclasses of arrays."""
