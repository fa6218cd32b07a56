"""Tests of the training side: log format, statistics, recording."""
