"""What functions of torch are called in the graph of a network."""

# Several outputs meet in these; others are called as torch calls them.
_OPERATIONS = {
    "add": ("add", "add_", "__add__", "__radd__", "__iadd__"),
    "subtract": ("sub", "sub_", "__sub__", "__rsub__", "__isub__", "rsub", "subtract"),
    "multiply": ("mul", "mul_", "__mul__", "__rmul__", "__imul__", "multiply"),
    "divide": ("div", "div_", "__truediv__", "__rtruediv__", "__itruediv__", "true_divide"),
    "matmul": ("matmul", "__matmul__", "__rmatmul__", "bmm", "mm", "baddbmm", "addmm"),
    "concat": ("cat", "concat", "concatenate", "hstack", "vstack", "dstack"),
    "attention": ("scaled_dot_product_attention", "multi_head_attention_forward"),
    "write": ("__setitem__",),
    "index": ("__getitem__", "index_select", "gather"),
}
_OPERATION_OF = {name: word for word, names in _OPERATIONS.items() for name in names}

# What the output of a node goes through, where it is worth telling.
_PASSED = {
    "ReLU": ("relu", "relu_"),
    "ReLU6": ("relu6",),
    "LeakyReLU": ("leaky_relu", "leaky_relu_"),
    "PReLU": ("prelu",),
    "ELU": ("elu", "elu_"),
    "SELU": ("selu", "selu_"),
    "GELU": ("gelu",),
    "SiLU": ("silu", "silu_"),
    "Mish": ("mish",),
    "Hardtanh": ("hardtanh", "hardtanh_"),
    "Hardswish": ("hardswish", "hardswish_"),
    "Hardsigmoid": ("hardsigmoid",),
    "Sigmoid": ("sigmoid", "sigmoid_"),
    "Tanh": ("tanh", "tanh_"),
    "Softplus": ("softplus",),
    "Softmax": ("softmax",),
    "LogSoftmax": ("log_softmax",),
    "BatchNorm": ("batch_norm",),
    "LayerNorm": ("layer_norm",),
    "GroupNorm": ("group_norm",),
    "InstanceNorm": ("instance_norm",),
    "RMSNorm": ("rms_norm",),
    "MaxPool": ("max_pool1d", "max_pool2d", "max_pool3d", "boolean_dispatch"),
    "AvgPool": ("avg_pool1d", "avg_pool2d", "avg_pool3d"),
    "AdaptiveAvgPool": ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
    "AdaptiveMaxPool": ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
    "Dropout": ("dropout", "dropout2d", "alpha_dropout", "feature_dropout"),
    "Flatten": ("flatten",),
    "Upsample": ("interpolate",),
    "PixelShuffle": ("pixel_shuffle",),
    "mean": ("mean",),
}
_PASSED_BY = {name: word for word, names in _PASSED.items() for name in names}


def operation(name: str) -> str:
    """Return what an operation is called in which several outputs meet."""
    return _OPERATION_OF.get(name) or name.strip("_") or "function"


def passed(name: str) -> str:
    """Return what an output went through, "" where that is not worth telling."""
    return _PASSED_BY.get(name, "")
