"""The HTTP API for notebooks and scripts: read-only, by token, described by OpenAPI."""

from app.api.routes import install

__all__ = ["install"]
