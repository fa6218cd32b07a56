"""The networks of the synthetic logs: torchvision's ResNet-50, and a network wider than any."""

from collections.abc import Iterator

from deeptracker.format import LayerSpec, ModuleSpec

# Bottleneck blocks and inner channels of each stage of ResNet-50.
_STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))
_EXPANSION = 4
_STEM = 64


def resnet50(*, classes: int = 1000, scale: float = 1.0) -> tuple[LayerSpec, ...]:
    """Return the layers of ResNet-50, named and ordered as torchvision does.

    53 convolutions and one fully connected layer; with 1,000 classes and at scale 1 they have
    27,560 filters. `scale` multiplies the filters of every convolution (at least 4 remain).
    """
    layers = list(_resnet50(classes, lambda filters: max(4, round(filters * scale))))
    if scale == 1.0 and classes == 1000:
        total = sum(layer.filters for layer in layers)
        assert (len(layers), total) == (54, 27_560), (len(layers), total)
    return tuple(layers)


def _resnet50(classes, width) -> Iterator[LayerSpec]:  # type: ignore[no-untyped-def]
    yield _convolution("conv1", "", "", width(_STEM), 3, kernel=7, stride=2)
    inputs = width(_STEM)
    for number, (blocks, planes) in enumerate(_STAGES, start=1):
        stage, inner, outer = f"layer{number}", width(planes), width(planes * _EXPANSION)
        for index in range(blocks):
            block = f"{stage}.{index}"
            stride = 2 if index == 0 and number > 1 else 1
            yield _convolution(f"{block}.conv1", stage, block, inner, inputs)
            yield _convolution(
                f"{block}.conv2", stage, block, inner, inner, kernel=3, stride=stride
            )
            yield _convolution(f"{block}.conv3", stage, block, outer, inner)
            if index == 0:
                shortcut = f"{block}.downsample.0"
                yield _convolution(
                    shortcut, stage, block, outer, inputs, stride=stride, branch="shortcut"
                )
            inputs = outer
    yield LayerSpec("fc", "Linear", "", "", "main", classes, classes * inputs, inputs, (), (), 1)


def _convolution(
    name: str,
    stage: str,
    block: str,
    filters: int,
    inputs: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    branch: str = "main",
) -> LayerSpec:
    return LayerSpec(
        name=name,
        kind="Conv2d",
        stage=stage,
        block=block,
        branch=branch,
        filters=filters,
        parameters=filters * inputs * kernel * kernel,
        inputs=inputs,
        kernel=(kernel, kernel),
        stride=(stride, stride),
        groups=1,
    )


def wide(*, layers: int = 500, filters: int = 200_000) -> tuple[LayerSpec, ...]:
    """Return a plain network of `layers` 3 x 3 convolutions that share `filters` filters evenly.

    Ten stages, blocks of two layers; what the views and look-ups must bear, not a real network.
    """
    each, more = divmod(filters, layers)
    found = []
    inputs = 3
    for index in range(layers):
        stage = f"stage{10 * index // layers + 1}"
        block = f"{stage}.block{index // 2}"
        width = each + (index < more)
        name = f"{block}.conv{index % 2 + 1}"
        found.append(_convolution(name, stage, block, width, inputs, kernel=3))
        inputs = width
    return tuple(found)


def modules(layers: tuple[LayerSpec, ...]) -> tuple[ModuleSpec, ...]:
    """Return the modules between the model and its layers, in order."""
    kinds: dict[str, str] = {}
    for layer in layers:
        if layer.stage:
            kinds.setdefault(layer.stage, "Sequential")
        if layer.block:
            kinds.setdefault(layer.block, "Bottleneck")
        if layer.branch == "shortcut":
            kinds.setdefault(layer.name.rpartition(".")[0], "Sequential")
    return tuple(ModuleSpec(name, kind) for name, kind in kinds.items())
