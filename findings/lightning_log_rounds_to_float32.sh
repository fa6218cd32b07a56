#!/usr/bin/env bash
# Lightning: self.log rounds a Python number to 32 bits; a count of tokens stands still from 2**24 on.
#
# lightning 2.6.6, torch 2.13.0, Python 3.11, on the CPU.
# self.log("tokens", n) takes a Python number; one would expect n in the log (Python's float has 53 bits).
# Seen: the number becomes a tensor of the default type, float32, and metrics.csv, TensorBoard and every
# other logger get what is left: of 16777217, 16777218, 16777219 they are told 16777216, 16777218,
# 16777220. Nothing is said for an int or a float (for a tensor of integers there is a warning). A
# torch.float64 tensor, or self.logger.log_metrics, keeps the number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu lightning==2.6.6 torch==2.13.0 numpy

cat >"$folder/try.py" <<'PYTHON'
import csv
import sys

import lightning
import torch
from lightning.pytorch.loggers import CSVLogger


class Counting(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.tokens = 2**24

    def training_step(self, batch, index):
        self.tokens += 1
        self.log("tokens", self.tokens)
        self.log("tokens_64", torch.tensor(self.tokens, dtype=torch.float64))
        return self.layer(batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


logger = CSVLogger(sys.argv[1])
trainer = lightning.Trainer(
    max_epochs=1, logger=logger, log_every_n_steps=1, accelerator="cpu",
    enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False,
)
trainer.fit(Counting(), torch.utils.data.DataLoader(torch.zeros(3, 1)))
with open(f"{logger.log_dir}/metrics.csv") as file:
    rows = list(csv.DictReader(file))
seen = [(int(float(row["tokens"])), int(float(row["tokens_64"]))) for row in rows]
for rounded, exact in seen:
    print(f"logged {exact}: as a Python int it became {rounded}")
assert seen == [(16777216, 16777217), (16777218, 16777218), (16777220, 16777219)], seen
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/logs" 2>/dev/null
