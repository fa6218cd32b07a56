"""Faults done for real: processes killed, connections cut, disks full, logs damaged while read."""
