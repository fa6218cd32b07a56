"""The network as a graph: what an image runs through on its way, and in which order."""

from dataclasses import dataclass

from deeptracker.format.entries import Entries

MAX_NODES = 20_000
MAX_INPUTS = 2_000
MAX_AXES = 16
MAX_AFTER = 20
NODE_KINDS = ("input", "layer", "operation", "output")


@dataclass(frozen=True)
class GraphNode:
    """One step of the forward pass; a layer that is called twice makes two.

    `kind` is one of NODE_KINDS, `name` what it is called: of a layer its module's dotted name, of
    an operation in which several ways meet what it does ("add", "concat"). `module` is the dotted
    name of the module that runs an operation. `inputs` are the nodes that its input comes from, by
    their places, all before its own; `layers` those of the run's layers whose weights it uses, by
    theirs. `shape` holds the sizes of the output for one image (None: not known), `flops` twice the
    multiply-adds for one image (None: not known), `after` what the output goes through ("ReLU").
    """

    kind: str
    name: str
    module: str = ""
    inputs: tuple[int, ...] = ()
    layers: tuple[int, ...] = ()
    shape: tuple[int, ...] | None = None
    flops: int | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """The forward pass of an image, nodes in the order of running.

    `missing` says in words why there are none, "" where there are.
    """

    nodes: tuple[GraphNode, ...] = ()
    missing: str = ""


def read_graph(entries: Entries, layers: int) -> Graph | None:
    """Return the graph of a network of so many layers, None where the log does not say."""

    def read(key: str) -> Graph:
        graph = entries.child(key)
        items = graph.items("nodes", most=MAX_NODES)
        nodes = tuple(_node(item, place, layers) for place, item in enumerate(items))
        return Graph(nodes, graph.text("missing", default=""))

    return entries.optional("graph", read)


def _node(item: Entries, place: int, layers: int) -> GraphNode:
    kind = item.text("kind")
    return GraphNode(
        kind=kind if kind in NODE_KINDS else "operation",  # such as one of a newer writer
        name=item.name("name"),
        module=item.name("module", default=""),
        inputs=_places(item, "inputs", place),
        layers=_places(item, "layers", layers),
        shape=item.optional("shape", lambda key: item.integers(key, most=MAX_AXES)),
        flops=item.optional("flops", lambda key: item.integer(key, low=0)),
        after=item.optional("after", lambda key: item.names(key, most=MAX_AFTER)) or (),
    )


def _places(item: Entries, key: str, below: int) -> tuple[int, ...]:
    """Return a list of places, each less than `below`; an absent one is empty."""
    read = lambda name: item.integers(name, most=MAX_INPUTS, high=below - 1)  # noqa: E731
    return item.optional(key, read) or ()
