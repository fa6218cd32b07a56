"""Checkpoints of a training: which there are (finding.py), and what is in them (reading.py).

This file imports nothing: the server finds checkpoints without what reading them needs.
"""
