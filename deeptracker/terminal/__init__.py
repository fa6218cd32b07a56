"""`deeptracker show`: one run in the terminal, from a server or from its log alone."""
