"""The faults that the insight benchmark plants in a training, each at a known place."""

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.insight.faults import evaluation, inputs, labels, rates, weights
from benchmarks.insight.faults.base import Fault, Place, Truth

__all__ = ["CONTROL", "FAULTS", "Fault", "Place", "Truth"]

CONTROL = "control"
FAULTS: Mapping[str, type[Fault]] = MappingProxyType(
    {
        CONTROL: Fault,
        "labels exchanged": labels.ExchangedLabels,
        "labels exchanged for a while": labels.ExchangedLabelsForAWhile,
        "label noise": labels.NoisyLabels,
        "class corrupted": labels.CorruptedClass,
        "validation of a class corrupted": labels.CorruptedValidation,
        "class missing": labels.MissingClass,
        "class missing from the start": labels.NeverAClass,
        "inputs corrupted": inputs.CorruptedInputs,
        "inputs un-normalised": inputs.UnnormalisedInputs,
        "wrong augmentation": inputs.WrongAugmentation,
        "leak": inputs.Leak,
        "data sorted by class": inputs.SortedData,
        "batches duplicated": inputs.DuplicatedBatches,
        "overfitting": inputs.Overfitting,
        "rate jumped": rates.JumpedRate,
        "rate too high": rates.HighRate,
        "rate too low": rates.LowRate,
        "schedule lost": rates.LostSchedule,
        "optimizer state lost": rates.LostState,
        "decay too strong": rates.StrongDecay,
        "filters re-initialised": weights.NewFilters,
        "layer re-initialised": weights.NewLayer,
        "layer rescaled": weights.RescaledLayer,
        "bad initial scale": weights.BadScale,
        "layer frozen": weights.FrozenLayer,
        "dead units": weights.DeadUnits,
        "gradient explodes to NaN": weights.Explosion,
        "gradient bursts": weights.GradientBurst,
        "NaN in a layer": weights.NotANumber,
        "normalisation overwritten": evaluation.OverwrittenStatistics,
        "normalisation by the last batch": evaluation.LastBatchStatistics,
        "evaluation mode lost": evaluation.LostEvaluationMode,
    }
)
