"""The bytes that tensors occupy on a device, tracked from one operation to the next."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """While active, records after every operation how many bytes the storages on one type of device occupy.

    Memory that an operation allocates and frees internally is not seen. Tensors that share a storage count
    once.
    """

    def __init__(self, device: torch.device, held: Iterable[Tensor] = ()) -> None:
        """Count on `device`; `held` are the tensors that exist from the start."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.timeline: list[int] = []
        """Bytes after each operation."""
        self._device_type = device.type
        self._alive: dict[int, weakref.ref[Any]] = {}
        self._bytes = 0
        for tensor in held:
            self._count(tensor)
        self.timeline.append(self._bytes)

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and count its results."""
        result = operation(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._count(leaf)
        self.timeline.append(self._bytes)
        return result

    def _count(self, tensor: Tensor) -> None:
        if tensor.device.type != self._device_type:
            return
        storage = tensor.untyped_storage()
        # Python's id may change while a storage lives on in the autograd graph; the C++ address does not.
        key, size = storage._cdata, storage.nbytes()
        if key in self._alive:
            return

        def freed(_reference: Any) -> None:
            self._bytes -= size
            del self._alive[key]

        self._alive[key] = weakref.ref(storage, freed)
        self._bytes += size
