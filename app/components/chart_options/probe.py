"""The options of the charts of the page of probes."""

from app.components.chart_options.base import ChartOptions, DataOptions


class ProbeOptions(DataOptions):
    """What follows the probes of a run, whose data lie below `base`."""

    base: str


class ProbeMapsOptions(ProbeOptions):
    """Maps of a layer, or of saliency; `legend` is the id of what explains their colours."""

    legend: str


KINDS: dict[str, type[ChartOptions]] = {
    "probeclusters": ProbeMapsOptions,
    "probecourse": ProbeOptions,
    "probekernels": ProbeOptions,
    "probemaps": ProbeMapsOptions,
    "probetop": ProbeOptions,
    "probesaliency": ProbeMapsOptions,
}
