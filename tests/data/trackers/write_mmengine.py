"""Let MMEngine write its working directory: a training by epochs, and one by iterations."""

import sys

import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner

folder, by_epoch = sys.argv[1], sys.argv[2] == "epochs"


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 2)

    def forward(self, x, y, mode):
        output = self.linear(x)
        if mode == "loss":
            return {"loss": torch.nn.functional.cross_entropy(output, y)}
        return output, y


class Accuracy(BaseMetric):
    def process(self, batch, outputs):
        self.results.append(float((outputs[0].argmax(1) == outputs[1]).float().mean()))

    def compute_metrics(self, results):
        return {"accuracy": sum(results) / len(results)}


def loader(shuffle):
    sampler = {"type": "DefaultSampler", "shuffle": shuffle}
    collate = {"type": "default_collate"}
    return {"batch_size": 4, "dataset": images, "sampler": sampler, "collate_fn": collate}


images = [(torch.randn(4), at % 2) for at in range(40)]
if by_epoch:
    course = {"by_epoch": True, "max_epochs": 3, "val_interval": 1}
else:
    course = {"by_epoch": False, "max_iters": 30, "val_interval": 10}
Runner(
    model=Model(),
    work_dir=folder,
    train_dataloader=loader(True),
    train_cfg=course,
    optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.01}},
    val_dataloader=loader(False),
    val_cfg={},
    val_evaluator={"type": Accuracy},
    default_hooks={"logger": {"type": "LoggerHook", "interval": 5}, "checkpoint": None},
    randomness={"seed": 0},
).train()
