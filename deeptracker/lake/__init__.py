"""All runs of a team as tables for SQL, in a notebook and without the server (extra `lake`).

    from deeptracker import lake

    runs = lake.connect("/data/lake")          # or s3://bucket/lake (extra `lake-s3`)
    runs.sql("SELECT name, last_error FROM runs ORDER BY last_error LIMIT 10").df()

The workers of the server write the files (DEEPTRACKER_LAKE, docs/lake.md).
"""

from deeptracker.lake.layout import LakeError
from deeptracker.lake.reading import connect

__all__ = ["LakeError", "connect"]
