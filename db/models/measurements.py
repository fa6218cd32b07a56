"""What the snapshots of a run measured.

No foreign keys: they would be checked row by row while loading, and none may cross runs. Every
primary key begins with run_id. Arrays are stored EXTERNAL (see the migration): numbers do not
compress, and a slice of an uncompressed array is read without reading the rest.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, Column, Double, Integer, LargeBinary, Table, Text
from sqlalchemy.types import TypeEngine

from db.models.base import Base
from db.types import NumpyArray
from deeptracker.catalogue import IMAGE_TRANSITIONS
from deeptracker.format import BAND_THRESHOLDS, BINS, FILTER_QUANTITIES, SERIES, STATISTICS

TRANSITIONS = tuple(one.column for one in IMAGE_TRANSITIONS)


def _key(name: str, kind: type[Integer] | type[Text] = Integer) -> Column[Any]:
    sql_type = Text(collation="C") if kind is Text else Integer()
    return Column(name, sql_type, primary_key=True, autoincrement=False)


def _value(
    name: str, sql_type: type[TypeEngine[Any]] | TypeEngine[Any], *, nullable: bool = False
) -> Column[Any]:
    return Column(name, sql_type, nullable=nullable)


# One row per snapshot. NaN: not recorded. NULL class_error and transitions: no validation data (no
# transitions at the first snapshot either); a snapshot that was not validated in a run with images
# has errors of NaN. class_no_prediction: images of each class without a prediction, which count as
# wrong; NULL: every image that was validated has one. A flip's `before` is the number of snapshots
# of the constant run that ended, `learned` 1 for wrong -> correct.
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
    _value("class_no_prediction", NumpyArray("i4"), nullable=True),
    _value("flip_image", NumpyArray("i4")),
    _value("flip_before", NumpyArray("i4")),
    _value("flip_learned", NumpyArray("u1")),
    _value("digest", NumpyArray("u1", 16)),
)

# What each snapshot brought of a series: its iterations, rising, and their values. Loading only
# inserts, or replaces the row of a snapshot recorded again. Where pieces overlap (a run resumed
# from an earlier checkpoint), the piece of the later snapshot counts; the query sees to it.
scalar = Table(
    "scalar",
    Base.metadata,
    _key("run_id"),
    _key("name", Text),
    _key("iteration"),
    _value("iterations", NumpyArray("i4")),
    _value("values", NumpyArray("f8")),
)

# What the values of each series come to, for tables of runs. least, greatest and mean are of the
# `count` finite values, NULL where there are none; last may be NaN or infinite. A run that was
# loaded before there was this table has no rows until a worker makes them, or it is loaded further.
scalar_summary = Table(
    "scalar_summary",
    Base.metadata,
    _key("run_id"),
    _key("name", Text),
    _value("last_iteration", Integer),
    _value("last", Double),
    _value("least", Double, nullable=True),
    _value("greatest", Double, nullable=True),
    _value("mean", Double, nullable=True),
    _value("count", BigInteger),
)

# histogram: NULL for a quantity without one (activation). bands: of the quantity update alone.
layer_stat = Table(
    "layer_stat",
    Base.metadata,
    _key("run_id"),
    _key("layer_id"),
    _key("quantity", Text),
    _key("iteration"),
    *(_value(name, REAL) for name in STATISTICS),
    _value("histogram", NumpyArray("u4", BINS), nullable=True),
    _value("bands", NumpyArray("f4", len(BAND_THRESHOLDS)), nullable=True),
)

# One statistic of all layers, the transpose of layer_stat: the L values of a snapshot in one array.
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

# The most changed filters of a snapshot over all layers, largest first, at most PEAKS of them; NaN
# never counts, so there may be none. Of equal values the lower layer, then filter, is first.
PEAKS = 200
filter_peak = Table(
    "filter_peak",
    Base.metadata,
    _key("run_id"),
    _key("quantity", Text),
    _key("iteration"),
    _value("layer_id", NumpyArray("i4")),
    _value("filter", NumpyArray("i4")),
    _value("value", NumpyArray("f4")),
)

# What became of the images of one class in a block of snapshots: those of one transaction, the same
# for every class (a row for each class and snapshot would be most rows of the store).
# iteration is the first of them; iterations are all, rising, NULL where it is the only one. The
# arrays hold one snapshot after the other, of each the images in the order of the class's `images`.
# prediction: u2 where the run has fewer than 65,536 classes, else i4, with what stands for no
# prediction in a log. Both are empty where nothing was validated at any of the snapshots: others
# are in blocks of their own. Blocks overlap in time where that is so, or a snapshot came late.
# The errors of the classes are in `snapshot`.
class_result = Table(
    "class_result",
    Base.metadata,
    _key("run_id"),
    _key("class_id"),
    _key("iteration"),
    _value("prediction", LargeBinary),
    _value("probability", NumpyArray("f2")),
    _value("iterations", NumpyArray("i4"), nullable=True),
)

# Where the analysis of flips stands after `iteration`, so that the next snapshot only appends:
# whether each image is correct, and for how many snapshots it has been so or not so.
flip_state = Table(
    "flip_state",
    Base.metadata,
    _key("run_id"),
    _value("iteration", Integer),
    _value("correct", NumpyArray("u1")),
    _value("length", NumpyArray("i4")),
)

# What the network made of the probes at an iteration; as deeptracker.format.Probe. kernels: of the
# first layer, codes of [filters, height, width, channels]; NULL where they are no pictures.
probe = Table(
    "probe",
    Base.metadata,
    _key("run_id"),
    _key("iteration"),
    _value("recorded_at", Double),
    _value("seconds", Double),
    _value("image_id", NumpyArray("i4")),
    _value("prediction", NumpyArray("i4")),
    _value("probability", NumpyArray("f4")),
    _value("kernel_layer", Integer, nullable=True),
    _value("kernel_shape", NumpyArray("i4", 4), nullable=True),
    _value("kernel", NumpyArray("u1"), nullable=True),
    _value("kernel_scale", NumpyArray("f4"), nullable=True),
)

# What a layer put out for one probe, in codes of [filters, height, width]; low, high and mean of
# each map, so that a filter's course needs no map.
probe_map = Table(
    "probe_map",
    Base.metadata,
    _key("run_id"),
    _key("layer_id"),
    _key("image_id"),
    _key("iteration"),
    _value("height", Integer),
    _value("width", Integer),
    _value("low", NumpyArray("f4")),
    _value("high", NumpyArray("f4")),
    _value("mean", NumpyArray("f4")),
    _value("codes", NumpyArray("u1")),
)

# What activates the filters of a layer most: of each filter `count` images; as
# deeptracker.format.LayerTops, with the classes of the means.
probe_top = Table(
    "probe_top",
    Base.metadata,
    _key("run_id"),
    _key("layer_id"),
    _key("iteration"),
    _value("count", Integer),
    _value("image", NumpyArray("i4")),
    _value("value", NumpyArray("f4")),
    _value("place", NumpyArray("u1")),
    _value("field", NumpyArray("f4", 2)),
    _value("classes", NumpyArray("i4")),
    _value("mean", NumpyArray("u1")),
    _value("low", NumpyArray("f4")),
    _value("high", NumpyArray("f4")),
)

# What spoke for two classes of one probe, the predicted and the true one, in codes of [2, height,
# width], as deeptracker.format.Saliency; `detail` says of what the maps were made.
probe_saliency = Table(
    "probe_saliency",
    Base.metadata,
    _key("run_id"),
    _key("image_id"),
    _key("iteration"),
    _key("method", Text),
    _value("detail", Text),
    _value("height", Integer),
    _value("width", Integer),
    _value("low", NumpyArray("f4", 2)),
    _value("high", NumpyArray("f4", 2)),
    _value("codes", NumpyArray("u1")),
)

# Which training images made the steps around an iteration at which the training loss jumped;
# reason and arrays as deeptracker.format.Ledger.
batch_ledger = Table(
    "batch_ledger",
    Base.metadata,
    _key("run_id"),
    _key("iteration"),
    _value("reason", Text),
    _value("recorded_at", Double),
    _value("step_iteration", NumpyArray("i8")),
    _value("step_loss", NumpyArray("f8")),
    _value("step_size", NumpyArray("i4")),
    _value("index", NumpyArray("i8")),
    _value("loss", NumpyArray("f4")),
    _value("usual", NumpyArray("f4")),
    _value("label", NumpyArray("i4")),
)
