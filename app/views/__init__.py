"""The pages of the application, a folder each; no view imports another."""
