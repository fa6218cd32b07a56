"""Questions to the store, one file per subject: (session, *, ids) -> arrays.

What is measured, runs, team and jobs have a folder each; here lies what is about the whole store.
Every function runs one statement, which an index answers, and raises NotFound for an unknown run,
layer, class, filter or iteration (only then, or where nothing is stored, it asks a second time).
A last axis T is the run's snapshots, rising by iteration; matrices are C-contiguous.
"""
