"""EfficientNet-Lite (Tan & Le 2019; the Lite variants are Google's, 2020) as a torch module.

MobileNetV2's inverted residuals with some 5×5 kernels, ReLU6 and neither swish nor
squeeze-and-excitation. The names of the parameters are those of the published weights, and the
padding is TensorFlow's "SAME", for which they were trained. Written here since the one package that
has it on PyPI has not been kept since 2020 and timm would bring a model hub's client along.
"""

from math import ceil

import torch
from torch import nn

_STAGES = (
    # expansion, channels, repeats, stride, kernel
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_STEM, _HEAD, _CLASSES = 32, 1280, 1000


class _SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow pads: under stride 2 an odd pixel goes below and right."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)
        if stride == 1:
            self.padding = (kernel // 2, kernel // 2)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        stride = self.stride[0]
        if stride > 1:
            pads: list[int] = []
            for side in reversed(input.shape[2:]):  # the width first, as ``pad`` takes them
                total = max((ceil(side / stride) - 1) * stride + self.kernel_size[0] - side, 0)
                pads += [total // 2, total - total // 2]
            input = nn.functional.pad(input, pads)
        return super().forward(input)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int, kernel: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = _norm(width)
        self._depthwise_conv = _SameConv2d(width, width, kernel, stride, groups=width)
        self._bn1 = _norm(width)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = x
        if self.expands:
            y = nn.functional.relu6(self._bn0(self._expand_conv(y)))
        y = nn.functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


def _scaled(channels: int, width: float) -> int:
    """Channels times the width in whole eights, never under nine tenths of the product."""
    product = channels * width
    eights = max(8, int(product + 4) // 8 * 8)
    return eights + 8 if eights < 0.9 * product else eights


class EfficientNetLite(nn.Module):
    """(n, 3, side, side) float32, scaled as ``(pixel - 127) / 128``, to (n, 1280) pooled features.

    Args:
        width: multiplies the channels; 1.0 for Lite0, 1.1 for Lite2. Stem and head keep theirs.
        depth: multiplies the repeats of all stages but the first and the last: 1.0 and 1.2.
    """

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self._conv_stem = _SameConv2d(3, _STEM, 3, 2, groups=1)
        self._bn0 = _norm(_STEM)
        blocks: list[nn.Module] = []
        inputs = _STEM
        for stage, (expansion, channels, repeats, stride, kernel) in enumerate(_STAGES):
            outputs = _scaled(channels, width)
            if stage not in (0, len(_STAGES) - 1):
                repeats = ceil(repeats * depth)
            for repeat in range(repeats):
                blocks.append(
                    _Block(inputs, outputs, expansion, stride if repeat == 0 else 1, kernel)
                )
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(inputs, _HEAD, 1, bias=False)
        self._bn1 = _norm(_HEAD)
        self._fc = nn.Linear(_HEAD, _CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        x = nn.functional.relu6(self._bn1(self._conv_head(x)))
        return x.mean(dim=(2, 3))
