"""What each process does for `test_machine`: a training by DDP whose rank 1 waits for its data."""

import sys
import time

import torch
from torch import distributed, nn

from deeptracker import Recorder, machine

ITERATIONS = 40


def main(run_dir: str) -> None:
    """Train on random images, slowly in rank 1."""
    machine.FIRST_SECONDS = machine.EVERY_SECONDS = 0.05
    distributed.init_process_group("gloo")
    torch.manual_seed(0)
    network = nn.parallel.DistributedDataParallel(nn.Linear(6, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    with Recorder(network, optimizer, run_dir, every=ITERATIONS // 4) as recorder:
        for _ in range(ITERATIONS):
            time.sleep(0.06 if distributed.get_rank() == 1 else 0.0)
            loss = network(torch.randn(8, 6)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.step(train_loss=loss)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
