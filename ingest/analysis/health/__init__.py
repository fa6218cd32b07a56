"""Health of a run: rules over its history, each a named pure function with a threshold."""

# Whoever words a finding (sentences.py) needs the sentences that the rules declare.
import ingest.analysis.health.rules  # noqa: F401
