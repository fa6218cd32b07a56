"""Trainings that are started from the browser."""
