"""Every operation of the API, as one table: routes and document are made of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import batches, confusion, facts, look_ups, told
from app.api.operation import Array, Operation, Parameter
from db.models.measurements import PEAKS
from db.queries.measurements.layer_stats import ALL_QUANTITIES
from db.queries.runs.runs import Shelf
from deeptracker.catalogue import FILTERS, LAYER_STATISTICS, PEAK_QUANTITIES, Measured, labels
from deeptracker.format import BAND_THRESHOLDS, BINS, FILTER_QUANTITIES, STATISTICS
from ingest.analysis.data_review.lists import LISTS

RUN = "/runs/<int:run_id>"
_ID: Mapping[str, Any] = {"type": "integer", "minimum": 0}
_TEXT: Mapping[str, Any] = {"type": "string"}
_LAYER = Parameter("layer", "Id of a layer.", _ID, required=True)
_ITERATION_OF_SNAPSHOT = Parameter("iteration", "Of a snapshot.", _ID, required=True)
_ITERATION = Array("iteration", "i4", "[T]", "the iterations of the snapshots, ascending")


def _one_of(name: str, description: str, choices: Any, default: str | None = None) -> Parameter:
    schema: dict[str, Any] = {"type": "string", "enum": [str(choice) for choice in choices]}
    if default is not None:
        schema["default"] = default
    return Parameter(name, description, schema, required=default is None)


def _page(most: int) -> tuple[Parameter, Parameter]:
    """Return the parameters of an answer that is given in parts."""
    limits = {"type": "integer", "minimum": 1, "maximum": most, "default": most}
    return (
        Parameter("limit", "The maximum number.", limits),
        Parameter("offset", "How many to leave out before.", {**_ID, "default": 0}),
    )


def _said(measured: Iterable[Measured]) -> str:
    return "; ".join(f"{name}: {label}" for name, label in labels(measured).items())


def _list_of(items: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": items}


def _object(*names: str) -> Mapping[str, Any]:
    return {"type": "object", "required": list(names)}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me", "/me", "The account of the token", "Name and role of the account behind the token.",
        schema=_object("name", "role", "api"), facts=facts.me,
    ),
    Operation(
        "list_runs", "/runs", "All runs",
        "The runs with their facts, the newest first; those in the trash are left out.",
        parameters=(
            _one_of("shelf", "In use, or put away.", (Shelf.ACTIVE, Shelf.ARCHIVED), "active"),
        ),
        schema=_list_of(_object("id", "name", "state")), facts=facts.list_runs,
    ),
    Operation(
        "run", RUN, "One run",
        "Facts and hyperparameters. last_error is a share 0..1, times are ISO 8601 in UTC. "
        "verdict: healthy, not judged (why_not_judged says what it lacks), unexplained, fault, or "
        "null before any rule looked at it; cause: the most "
        'probable one; died: failed, lost, NaN, no prediction, or "". lacks: capabilities that '
        "it was recorded without; origin: of what it was made where no Recorder wrote it, or null.",
        schema=_object("id", "name", "state", "version", "hyperparameters"), facts=facts.run,
    ),
    Operation(
        "layers", f"{RUN}/layers", "Layers of a run",
        "In the order of the network; an id is a place in it.",
        schema=_list_of(_object("id", "name", "filters")), facts=facts.layers,
    ),
    Operation(
        "classes", f"{RUN}/classes", "Validation classes of a run", "With their number of images.",
        schema=_list_of(_object("id", "name", "images")), facts=facts.classes,
    ),
    Operation(
        "snapshots", f"{RUN}/snapshots", "Snapshots of a run",
        "When they were recorded, losses and errors, and how the validation images changed.",
        arrays=(
            _ITERATION,
            Array("epoch", "f8", "[T]", "NaN: not recorded"),
            Array("recorded_at", "f8", "[T]", "seconds since 1970 (UTC)"),
            Array("learning_rate", "f8", "[T]", "NaN: not recorded"),
            Array("train_loss", "f8", "[T]", "NaN: not recorded"),
            Array("train_error", "f8", "[T]", "a share 0..1"),
            Array("validation_loss", "f8", "[T]", "NaN: not recorded"),
            Array("validation_error", "f8", "[T]", "a share 0..1"),
            Array(
                "transitions", "i4", "[T, 4]",
                "images wrong to right, right to wrong, right to right, wrong to wrong since the "
                "snapshot before; -1: none",
            ),
        ),
        look_up=look_ups.snapshots,
    ),
    Operation(
        "scalar_names", f"{RUN}/scalars", "Names of the logged series", "Sorted.",
        schema=_list_of(_TEXT), facts=facts.scalar_names,
    ),
    Operation(
        "scalar", f"{RUN}/scalar", "One logged series", "Complete, at every logged iteration.",
        parameters=(Parameter("name", "Name of the series.", _TEXT, required=True),),
        arrays=(
            Array("iteration", "i4", "[n]", "rising"),
            Array("value", "f8", "[n]", "NaN and infinities as logged"),
        ),
        meta="name", look_up=look_ups.scalar,
    ),
    Operation(
        "layer_stat", f"{RUN}/layer-stat", "All statistics of one layer",
        "Look-up layer-stat: of one quantity, over all iterations.",
        parameters=(_LAYER, _one_of("quantity", "What was measured.", ALL_QUANTITIES)),
        arrays=(
            _ITERATION,
            Array("values", "f4", f"[{len(STATISTICS)}, T]", "by meta.statistics; NaN: undefined"),
            Array("histogram", "u4", f"[{BINS}, T]", "counts; absent where none is recorded"),
            Array(
                "bands", "f4", f"[{len(BAND_THRESHOLDS)}, T]",
                "of the quantity update alone: share of parameters whose |update| / |weight| is at "
                f"most {', '.join(f'{value:g}' for value in BAND_THRESHOLDS)}",
            ),
        ),
        meta="layer, quantity, statistics (names)", look_up=look_ups.layer_stat,
    ),
    Operation(
        "layer_profile", f"{RUN}/layer-profile", "One statistic of all layers",
        "Look-up layer-stat: of one quantity, over all iterations.",
        parameters=(
            _one_of("quantity", "What was measured.", ALL_QUANTITIES),
            _one_of("statistic", f"The statistic. {_said(LAYER_STATISTICS)}.", STATISTICS),
        ),
        arrays=(_ITERATION, Array("values", "f4", "[L, T]", "NaN: undefined or not measured")),
        meta="quantity, statistic, layers (names)", look_up=look_ups.layer_profile,
    ),
    Operation(
        "layer_filter", f"{RUN}/layer-filter", "All filters of one layer",
        "Look-up layer-filter: one quantity of every filter over all iterations.",
        parameters=(
            _LAYER,
            _one_of("quantity", f"What was measured. {_said(FILTERS)}.", FILTER_QUANTITIES),
        ),
        arrays=(_ITERATION, Array("values", "f4", "[F, T]", "NaN: undefined")),
        meta="layer, quantity", look_up=look_ups.layer_filter,
    ),
    Operation(
        "filter", f"{RUN}/filter", "One filter",
        "Look-up layer-filter: everything measured of one filter over all iterations.",
        parameters=(_LAYER, Parameter("filter", "Index in its layer.", _ID, required=True)),
        arrays=(
            _ITERATION,
            Array("values", "f4", f"[{len(FILTER_QUANTITIES)}, T]", "by meta.quantities"),
        ),
        meta="layer, filter, quantities (names)", look_up=look_ups.filter,
    ),
    Operation(
        "iteration_filter", f"{RUN}/iteration-filter", "Most changed filters of an iteration",
        "Look-up iteration-filter: over all layers, the largest first.",
        parameters=(
            _ITERATION_OF_SNAPSHOT,
            _one_of("quantity", "The quantity to rank by.", PEAK_QUANTITIES, PEAK_QUANTITIES[0]),
            Parameter(
                "limit", "The maximum number.",
                {
                    "type": "integer", "minimum": 1, "maximum": PEAKS,
                    "default": look_ups.DEFAULT_LIMIT,
                },
            ),
        ),
        arrays=(
            Array("layer", "i4", "[k]", "ids"),
            Array("filter", "i4", "[k]", "indices in their layers"),
            Array("value", "f4", "[k]", "falling"),
        ),
        meta="iteration, quantity", look_up=look_ups.iteration_filter,
    ),
    Operation(
        "class_stat", f"{RUN}/class-stat", "Error of the classes",
        "Look-up class-stat: of every class, or of one, over all iterations.",
        parameters=(Parameter("class", "Id of a class; absent: all.", _ID),),
        arrays=(
            _ITERATION,
            Array("error", "f4", "[C, T]", "a share 0..1; NaN: no images, or not validated"),
            Array("images", "i4", "[C]", "number of images"),
        ),
        meta="classes (names)", look_up=look_ups.class_stat,
    ),
    Operation(
        "class_image", f"{RUN}/class-image", "Images of one class",
        "Look-up class-image: the predicted class of each image at every snapshot.",
        parameters=(Parameter("class", "Id of a class.", _ID, required=True),),
        arrays=(
            _ITERATION,
            Array("image", "i4", "[n]", "ids, ascending"),
            Array(
                "prediction", "u2 or i4", "[n, T]",
                "id of the predicted class; -1: no prediction, which is wrong; -2: not validated",
            ),
            Array("probability", "f2", "[n, T]", "given to the true class; NaN: not recorded"),
        ),
        meta="class, names (of the images; null: unnamed)", look_up=look_ups.class_image,
    ),
    Operation(
        "confusion", f"{RUN}/confusion", "Which classes are predicted as which",
        "The wrong predictions of one snapshot as pairs of classes, the most images first; "
        "predicted null: no prediction. of: all images of the class. total: the number of pairs.",
        parameters=(
            _ITERATION_OF_SNAPSHOT,
            Parameter("class", "Id of a class that is one of each pair; absent: all.", _ID),
            *_page(confusion.MOST_PAIRS),
        ),
        schema=_object("iteration", "total", "pairs"), facts=confusion.list_confusion,
    ),
    Operation(
        "annotations", f"{RUN}/annotations", "Annotations of a run",
        "What people wrote, with replies. target: run, iteration, class, image, layer or filter; "
        "target_id is the id of the class, image or layer.",
        schema=_list_of(_object("id", "target", "author", "text")), facts=facts.list_annotations,
    ),
    Operation(
        "findings", f"{RUN}/findings", "Findings of the health rules",
        "The most important first. title, advice: of the rule; page: the address that shows it.",
        schema=_list_of(_object("key", "rule", "severity", "text", "page")),
        facts=told.list_findings,
    ),
    Operation(
        "answers", f"{RUN}/answers", 'What happened: the ranked answers',
        "The most telling first, each with its probable causes, their counter-tests and what "
        "speaks for and against them. Classes and layers by name; findings by key. page: the "
        "address that shows it; evidence: each mark with the address that shows it.",
        schema=_list_of(_object("rank", "iteration", "severity", "text", "causes", "page")),
        facts=told.list_answers,
    ),
    Operation(
        "not_judged", f"{RUN}/not-judged", "Rules that could not judge a run",
        "What the run lacks for each, and how to have it. Empty before the first evaluation.",
        schema=_list_of(_object("rule", "title", "lacks", "how")), facts=told.list_unjudged,
    ),
    Operation(
        "batches", f"{RUN}/batches", "Training images behind jumps of the loss",
        "Of each jump whose batches were kept: what was found, and the images that made it, the "
        "worst first (index in the training set, loss, usual loss, label, class, times in the "
        "batch; null: not known). cause: images, copies, batch, network, open, none, no losses.",
        schema=_list_of(_object("iteration", "cause", "text", "images")),
        facts=batches.list_batches,
    ),
    Operation(
        "batch_ledger", f"{RUN}/batch-ledger", "Batches kept around a jump of the loss",
        "Which training images made K steps, n in all, step after step.",
        parameters=(Parameter("iteration", "Of the jump.", _ID, required=True),),
        arrays=(
            Array("step_iteration", "i4", "[K]", "rising"),
            Array("step_loss", "f8", "[K]", "training loss; NaN: it was, or is not known"),
            Array("step_size", "i4", "[K]", "number of images of each step"),
            Array("index", "f8", "[n]", "indices in the training set, whole numbers"),
            Array("loss", "f4", "[n]", "NaN: it was, or was not given"),
            Array("usual", "f4", "[n]", "loss in the batches before; NaN: not seen before"),
            Array("label", "i4", "[n]", "class numbers; -1: not given"),
        ),
        meta="iteration, reason (jump, not finite, copies)", look_up=batches.batch_ledger,
    ),
    Operation(
        "data_review", f"{RUN}/data-review", "Validation images that are worth a look",
        "A list of images, highest score first: label-errors (score: evidence against the "
        "label, 0..1), ambiguous (standard deviation of the probability), rare (when it was "
        "learned, 0..1), forgotten (how often), lost (how early another run lost it, 0..1), "
        "duplicates (how many have the same history); with how many of the runs agree, and what "
        "people decided. "
        "total: the length of the list.",
        parameters=(
            _one_of("list", "Which list.", LISTS, LISTS[0]),
            Parameter(
                "others", "Ids of evaluated runs with the same images, separated by commas.", _TEXT
            ),
            *_page(facts.MOST_IMAGES),
        ),
        schema=_object("runs", "total", "images"), facts=facts.data_review,
    ),
    Operation(
        "good_runs", f"{RUN}/good-runs", "Good runs of the recipe of a run",
        "Runs of the same network and data set that people marked as good. From five others on, "
        "findings of the rule outside-band say where this run leaves what they have in common.",
        schema=_list_of(_object("run", "name", "marked_by", "marked_at")),
        facts=facts.list_good_runs,
    ),
    Operation(
        "marks", f"{RUN}/marks", "Marks on the time axis of a run",
        "What the training script marked (kind: event), and after which iterations it was resumed "
        "(kind: resume), rising by iteration.",
        schema=_list_of(_object("iteration", "kind", "text")), facts=facts.list_marks,
    ),
)  # fmt: skip
