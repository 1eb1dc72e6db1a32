"""Checks the software: cuDNN and the checkout."""

from __future__ import annotations

from dawnbench.doctor.finding import Finding
from dawnbench.telemetry.checkout import Checkout


def has_cudnn() -> bool:
    """Return whether torch finds cuDNN; imports torch, which takes seconds."""
    import torch

    return bool(torch.backends.cudnn.is_available())


def cudnn_finding(available: bool) -> Finding:
    """Check that cuDNN is available for convolutions on the GPU."""
    check = "cudnn"
    if available:
        return Finding(check, "ok", "torch finds cuDNN")
    return Finding(
        check,
        "problem",
        "this torch finds no cuDNN, without which convolutions are slow",
        "install a CUDA build of torch as described at https://pytorch.org/get-started",
    )


def checkout_finding(checkout: Checkout | None) -> Finding:
    """Check that a run can be traced to a commit."""
    check = "git checkout"
    if checkout is None:
        return Finding(
            check, "unknown", "git is not installed, or the working directory is not in a checkout"
        )
    if not checkout.dirty:
        return Finding(check, "ok", f"the checkout is clean at {checkout.commit[:12]}")
    return Finding(
        check,
        "warning",
        f"the checkout differs from its commit {checkout.commit[:12]}, so a run cannot be traced to it",
        "commit the changes or set them aside with `git stash`",
    )
