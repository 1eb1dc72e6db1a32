"""What torchrun tells each of the processes that train one trial together; never imports torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from dawnbench.errors import DawnbenchError


@dataclass(frozen=True, slots=True)
class Launched:
    """One process among those that torchrun started."""

    rank: int = 0
    """Among all processes, from 0."""
    size: int = 1
    """How many processes there are, one for each device."""
    local_rank: int = 0
    """Among the processes of this node."""
    local_size: int = 1
    node: int = 0
    """This node's number, from 0."""
    nodes: int = 1

    @property
    def leads_node(self) -> bool:
        """Whether this process does what is done once on each node."""
        return self.local_rank == 0

    def share(self, count: int) -> slice:
        """Return this process's part of `count` things in a row; the parts differ by one at most."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)


def launched(environment: Mapping[str, str] = os.environ) -> Launched:
    """Return this process's place; that of a lone process if torchrun did not start several.

    Raises:
        DawnbenchError: the variables are not as torchrun sets them.
    """
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return Launched()
    place = Launched(
        rank=_number(environment, "RANK", 0),
        size=_number(environment, "WORLD_SIZE", 1),
        local_rank=_number(environment, "LOCAL_RANK", 0),
        local_size=_number(environment, "LOCAL_WORLD_SIZE", 1),
        node=_number(environment, "GROUP_RANK", 0),
        nodes=_number(environment, "GROUP_WORLD_SIZE", 1),
    )
    if place.rank >= place.size or place.local_rank >= place.local_size:
        raise DawnbenchError(
            f"RANK={place.rank} of WORLD_SIZE={place.size} and LOCAL_RANK={place.local_rank} of "
            f"LOCAL_WORLD_SIZE={place.local_size} do not fit together; start the processes by torchrun"
        )
    return place


def _number(environment: Mapping[str, str], name: str, lowest: int) -> int:
    text = environment.get(name, "")
    if not text.isdecimal() or int(text) < lowest:
        raise DawnbenchError(
            f"{name}={text!r} is not a whole number from {lowest}; start the processes by torchrun, which "
            "sets it, or unset RANK and WORLD_SIZE"
        )
    return int(text)
