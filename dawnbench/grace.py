"""Lets a signal wait until the work that it interrupts has reached a state that can be saved."""

from __future__ import annotations

from types import TracebackType


class Grace:
    """Within the block, `interrupt` only makes a note, and the block interrupts itself at a time of its own.

    An interrupt that was noted and not raised is raised at the end of the block, unless an error ends it.
    """

    def __init__(self) -> None:
        self._noted: KeyboardInterrupt | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is an interrupt to raise."""
        return self._noted is not None

    def end(self) -> None:
        """Raise the interrupt that was noted; does nothing if there is none."""
        noted, self._noted = self._noted, None
        if noted is not None:
            raise noted

    def __enter__(self) -> Grace:
        _open.append(self)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _where: TracebackType | None
    ) -> None:
        _open.remove(self)
        if error is None:
            self.end()

    def note(self, interrupt: KeyboardInterrupt) -> None:
        """Keep an interrupt until `end`."""
        self._noted = interrupt


_open: list[Grace] = []


def interrupt(*reason: str) -> None:
    """Raise KeyboardInterrupt with this reason; within a `Grace`, let it raise it.

    Raises:
        KeyboardInterrupt: no block is open.
    """
    raised = KeyboardInterrupt(*reason)
    if not _open:
        raise raised
    _open[-1].note(raised)
