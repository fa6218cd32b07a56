"""The module structure of ResNet-50: 54 layers, 27,560 filters."""

import torch
from torch import Tensor, nn

STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
EXPANSION = 4
CLASSES = 1_000
FILTERS = 27_560


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a 1x1 convolution beside a short cut."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map [batch, inputs, h, w] to [batch, 4 width, h / stride, w / stride]."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.bn3(self.conv3(out)) + shortcut)


class ResNet50(nn.Module):
    """ResNet-50 (He et al., 2016) for images of ImageNet, with its stride on the 3x3 convolution.

    `share` of the channels of every layer makes it smaller for a reduced run; 1 is the real one.
    """

    def __init__(self, *, share: float = 1.0) -> None:
        super().__init__()

        def scaled(width: int) -> int:
            return max(1, round(width * share))

        inputs = scaled(64)
        self.conv1 = nn.Conv2d(3, inputs, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        for number, (blocks, width, stride) in enumerate(STAGES, start=1):
            stage = []
            for index in range(blocks):
                stage.append(Bottleneck(inputs, scaled(width), stride if index == 0 else 1))
                inputs = scaled(width) * EXPANSION
            setattr(self, f"layer{number}", nn.Sequential(*stage))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, scaled(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Map images [batch, 3, h, w] to class scores [batch, classes]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for number in range(1, len(STAGES) + 1):
            x = getattr(self, f"layer{number}")(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))
