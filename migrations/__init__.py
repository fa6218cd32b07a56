"""Alembic's migrations: the only way in which the schema comes about and changes."""
