"""Ingest jobs: asked for, taken, ended; schedules, watched folders and the workers."""
