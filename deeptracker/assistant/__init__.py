"""`deeptracker mcp`: what a server knows of runs, as tools of an assistant, which only read."""
