"""A script with the face of airbench94_muon and none of its content, and data small enough for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

TRAIN, TEST = 64, 20

SCRIPT = """
import os, sys, time
import torch
with open(sys.argv[0]) as f:
    code = f.read()

@torch.compile
def twice(x):
    return x + x

@torch.compile(mode="max-autotune")
def once(x):
    return x

class CifarLoader:
    def __init__(self, path, train=True, batch_size=16):
        file = os.path.join(path, "train.pt" if train else "test.pt")
        assert os.path.exists(file)
        data = torch.load(file, map_location=torch.device("cuda"))
        self.images, self.labels = data["images"].half(), data["labels"]
        self.batch_size = batch_size
    def __len__(self):
        return len(self.images) // self.batch_size
    def __iter__(self):
        for i in range(len(self)):
            rows = slice(i * self.batch_size, (i + 1) * self.batch_size)
            yield self.images[rows] / 255, self.labels[rows]

class CifarNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3072, 10, dtype=torch.half)
    def forward(self, x):
        self.seen = (x.dtype, torch.is_autocast_enabled("cpu"))
        return self.head(x.flatten(1))

def evaluate(model, loader, tta_level=0):
    time.sleep(0.05 if tta_level == 2 else 60)
    if tta_level < 2:
        import threading
        threading.Event().wait(0.2)
    with torch.no_grad():
        return (model(loader.images).argmax(1) == loader.labels).half().mean().item()

def print_training_details(variables, is_final_entry):
    print(variables, is_final_entry)

def main(run, model):
    test, train = CifarLoader("cifar10", train=False), CifarLoader("cifar10")
    if run == "warmup":
        print("warming up")
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.nn.init.zeros_(model.head.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    time_seconds, step = 0.0, 0
    for epoch in range(8):
        start.record()
        for images, labels in train:
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step == 8 * len(train):
                break
        end.record()
        torch.cuda.synchronize()
        time_seconds += 1e-3 * start.elapsed_time(end)
        evaluate(model, test)
        print_training_details(locals(), is_final_entry=False)
    tta_val_acc = evaluate(model, test, tta_level=2)
    print_training_details(locals(), is_final_entry=True)
    return tta_val_acc

if __name__ == "__main__":
    raise SystemExit("only on a machine of their own")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Images of which each class has its own grey."""
    path = tmp_path / "tiny.npz"
    labels = {"train": np.arange(TRAIN) % 10, "test": np.arange(TEST) % 10}
    images = {
        split: np.broadcast_to((25 * of)[:, None, None, None], (len(of), 32, 32, 3)).astype(np.uint8)
        for split, of in labels.items()
    }
    np.savez(
        path,
        x_train=images["train"],
        y_train=labels["train"],
        x_test=images["test"],
        y_test=labels["test"],
    )
    return path
