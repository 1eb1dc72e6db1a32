"""Neighboring layers fused into Triton kernels for an NVIDIA GPU."""
