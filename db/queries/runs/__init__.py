"""Runs: what they are made of, how they compare, their findings, and what people do with them."""
