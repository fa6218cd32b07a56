"""The blocks of docs/recording.md, as programs."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "recording.md").read_text()


def block(name):
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    return compile(found[1], f"docs/recording.md: {name}", "exec")
