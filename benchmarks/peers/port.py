"""A peer's source, adapted through its syntax tree when it is loaded; nothing of it is stored.

On every device `torch.load` becomes ours and pauses are left out (scripts wait between trials so that the GPU
cools down). On the CPU this is the naive port: fp32 masters, bf16 autocast, eager, channels_last as it was.
"""

from __future__ import annotations

import ast
import re
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from benchmarks.peers.data import Load

PAUSES = ("time.sleep", "torch.cuda._sleep")
HALF = ("torch.half", "torch.float16")
OUR_LOAD, HOST_CUDA = "_peers_load", "_peers_host_cuda"


class HostEvent:
    """A CUDA event's timing by the host's clock."""

    def __init__(self, **_: object) -> None:
        self._seconds = 0.0

    def record(self) -> None:
        self._seconds = time.perf_counter()

    def elapsed_time(self, end: HostEvent) -> float:
        """Return the milliseconds from this event to the other."""
        return 1e3 * (end._seconds - self._seconds)


class _Served(ast.NodeTransformer):
    """Replace `torch.load` by ours, and leave the pauses out."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        return _name(OUR_LOAD, node) if ast.unparse(node) == "torch.load" else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Constant(None), node) if ast.unparse(node.func) in PAUSES else node


class _OnCpu(ast.NodeTransformer):
    """Leave out CUDA, fp16 and compilation."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.copy_location(ast.Constant("cpu"), node) if node.value == "cuda" else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        name = ast.unparse(node)
        if name == "torch.cuda":
            return _name(HOST_CUDA, node)
        if name in HALF:
            node.attr = "float32"
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and not node.args:
            if node.func.attr == "cuda":
                return node.func.value
            if node.func.attr == "half":
                node.func.attr = "float"
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list = [d for d in node.decorator_list if not _is_compile(d)]
        return node


def load_peer(script: Path, device: str, load: Load) -> ModuleType:
    """Execute a peer's source as a module, without its `__main__` block."""
    tree: ast.Module = _Served().visit(ast.parse(script.read_text(encoding="utf-8")))
    module = ModuleType("peer_" + re.sub(r"\W", "_", script.stem))
    # Older versions of torch.compile import by its name the module of what they inline.
    sys.modules[module.__name__] = module
    module.__dict__.update({"__file__": str(script), OUR_LOAD: load})
    if device == "cpu":
        tree = _OnCpu().visit(tree)
        module.__dict__[HOST_CUDA] = SimpleNamespace(Event=HostEvent, synchronize=lambda: None)
    exec(compile(ast.fix_missing_locations(tree), script, "exec"), module.__dict__)
    if device == "cpu":
        _autocast(module.CifarNet)
    return module


def _autocast(network: Any) -> None:
    """Let the network's forward pass compute in bf16 and answer in fp32.

    One context per pass, since a context keeps its casts of the weights, which an update makes stale.
    """
    forward = network.forward

    def in_bf16(self: Any, *given: Any, **named: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return forward(self, *given, **named).float()

    network.forward = in_bf16


def _is_compile(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called) == "torch.compile"


def _name(name: str, where: ast.AST) -> ast.AST:
    return ast.copy_location(ast.Name(name, ast.Load()), where)
