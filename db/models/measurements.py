"""What the snapshots of a run measured.

No foreign keys: they would be checked row by row while loading, and none may cross runs. Every
primary key begins with run_id. Arrays are stored EXTERNAL (see the migration): numbers do not
compress, and a slice of an uncompressed array is read without reading the rest.
"""

from sqlalchemy import REAL, Column, Double, Integer, LargeBinary, SmallInteger, Table, Text

from db.models.base import Base
from db.types import NumpyArray
from deeptracker.format import BAND_THRESHOLDS, FILTER_QUANTITIES, HISTOGRAM_EDGES, STATISTICS

BINS = len(HISTOGRAM_EDGES) - 1
SERIES = ("learning_rate", "train_loss", "train_error", "validation_loss", "validation_error")
TRANSITIONS = ("n_to_y", "y_to_n", "y_to_y", "n_to_n")
SCALAR_CHUNK = 10_000


def _key(name: str, kind: type[Integer] | type[Text] | type[SmallInteger] = Integer) -> Column:
    sql_type = Text(collation="C") if kind is Text else kind()
    return Column(name, sql_type, primary_key=True, autoincrement=False)


def _value(name: str, sql_type: object, *, nullable: bool = False) -> Column:
    return Column(name, sql_type, nullable=nullable)  # type: ignore[arg-type]


# One row per snapshot. NaN: not recorded. NULL arrays and transitions: no validation data.
# digest: of everything that the snapshot brought, so that a repeated load is told from a new one.
snapshot = Table(
    "snapshot",
    Base.metadata,
    _key("run_id"),
    _key("iteration"),
    _value("epoch", Double),
    _value("recorded_at", Double),
    *(_value(name, Double) for name in SERIES),
    *(_value(name, Integer, nullable=True) for name in TRANSITIONS),
    _value("class_error", NumpyArray("f4"), nullable=True),
    _value("flip_image", NumpyArray("i4")),
    _value("flip_before", NumpyArray("i4")),
    _value("flip_learned", NumpyArray("u1")),
    _value("digest", NumpyArray("u1", 16)),
)

# Series of any length in chunks of SCALAR_CHUNK iterations, sorted by iteration.
scalar = Table(
    "scalar",
    Base.metadata,
    _key("run_id"),
    _key("name", Text),
    _key("chunk"),
    _value("iterations", NumpyArray("i8")),
    _value("values", NumpyArray("f8")),
)

layer_stat = Table(
    "layer_stat",
    Base.metadata,
    _key("run_id"),
    _key("layer_id"),
    _key("quantity", Text),
    _key("iteration"),
    *(_value(name, REAL) for name in STATISTICS),
    _value("histogram", NumpyArray("u4", BINS)),
    _value("bands", NumpyArray("f4", len(BAND_THRESHOLDS)), nullable=True),
)

# One statistic of all layers, the transpose of layer_stat: 54 values of a snapshot in one array.
layer_profile = Table(
    "layer_profile",
    Base.metadata,
    _key("run_id"),
    _key("quantity", Text),
    _key("statistic", Text),
    _key("iteration"),
    _value("values", NumpyArray("f4")),
)

filter_stat = Table(
    "filter_stat",
    Base.metadata,
    _key("run_id"),
    _key("layer_id"),
    _key("iteration"),
    *(_value(name, NumpyArray("f4")) for name in FILTER_QUANTITIES),
)

filter_peak = Table(
    "filter_peak",
    Base.metadata,
    _key("run_id"),
    _key("iteration"),
    _key("quantity", Text),
    _key("rank", SmallInteger),
    _value("layer_id", Integer),
    _value("filter", Integer),
    _value("value", REAL),
)

# prediction: u2 where the run has at most 65,536 classes, else i4. probability: f2.
class_result = Table(
    "class_result",
    Base.metadata,
    _key("run_id"),
    _key("class_id"),
    _key("iteration"),
    _value("error", REAL),
    _value("prediction", LargeBinary),
    _value("probability", NumpyArray("f2")),
)

# Where the analysis of flips stands, so that the next snapshot only appends.
flip_state = Table(
    "flip_state",
    Base.metadata,
    _key("run_id"),
    _value("iteration", Integer),
    _value("correct", NumpyArray("u1")),
    _value("length", NumpyArray("i4")),
)
