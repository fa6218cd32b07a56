"""The store: everything that speaks SQL, and nothing else does."""
