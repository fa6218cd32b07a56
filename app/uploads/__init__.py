"""Files that people send: received in pieces, kept under the server's own names for a week."""
