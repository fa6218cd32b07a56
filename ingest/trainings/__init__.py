"""Training scripts that an administrator registered on this host, started for people."""
