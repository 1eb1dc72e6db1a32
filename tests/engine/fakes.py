"""A clock and a device with which a test sees the exact order of a trial."""

from __future__ import annotations

from dawnbench.engine.device import Device


class FakeClock:
    """Stands still until it is told how much time passed."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000

    def mark(self) -> int:
        return self.now_ns

    def elapsed_ns(self, start: int, end: int) -> int:
        return end - start


class FakeDevice(Device):
    """The CPU with a clock that a test moves, a journal of what happens between marks, and little memory."""

    def __init__(self, free_bytes: int | None = None) -> None:
        super().__init__("cpu")
        self.clock = FakeClock()
        self.journal: list[str] = []
        self.free_bytes = free_bytes

    def mark(self) -> int:
        self.journal.append("mark")
        return self.clock.mark()

    def free_memory_bytes(self) -> int | None:
        return self.free_bytes

    def happened(self, what: str, takes_ns: int = 0) -> None:
        self.journal.append(what)
        self.clock.now_ns += takes_ns
