"""Health of a run: rules over its history, each a named pure function with a threshold."""
