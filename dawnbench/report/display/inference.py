"""The passes of an inference run, one line each."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from dawnbench.records.schema import RunRecord, TrialRecord
from dawnbench.report.display.display import Display
from dawnbench.report.text.status_line import StatusLine
from dawnbench.report.text.stopping import trials_in_all
from dawnbench.report.units import latency, percent, significant
from dawnbench.safe_text import plain


class InferenceDisplay(Display):
    """Prints what each pass came to, and nothing while it is timed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = StatusLine(console.file if console.is_terminal else None)
        self._of = ""

    def preparing(self, what: str, slow: bool = False) -> None:
        """Show what happens next, overwriting one line; in a pipe, only what takes long."""
        self._status.say(what)
        if slow and not self._console.is_terminal:
            self._print(what)

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Print what runs where, and the run folder."""
        super().run_started(record, folder, steps)
        self._of = trials_in_all(record)
        self._print(f"{record.identity.recipe} on {record.identity.where}")
        if record.inference is not None:
            self._print(f"model {record.inference.model}")
        self._print(f"run folder {folder}")

    def noted(self, sentence: str) -> None:
        """Print the sentence."""
        self._print(f"note: {sentence}", "yellow")

    def trial_started(self, trial: int, seed: int) -> None:
        """Show which pass is timed, on a terminal."""
        self._status.say(f"pass {trial}{self._of}")

    def trial_ended(self, record: TrialRecord) -> None:
        """Print the pass's latency and accuracy, or why it ended early, and its warnings."""
        found = record.inference
        said = f"{record.status}: {record.reason}"
        if found is not None:
            faster = "".join(
                f", {significant(at.images_per_second)} images/s at batch {at.batch_size}"
                for at in found.throughputs
                if at.batch_size > 1
            )
            said = (
                f"{latency(found.latency_seconds)} per image (median {latency(found.median_seconds)}, "
                f"p99 {latency(found.p99_seconds)}){faster}, {percent(record.accuracy)}"
            )
        self._print(f"pass {record.trial}{self._of}: {said}", "red" if found is None else "")
        for warning in record.warnings:
            self._print(f"warning: {warning}", "yellow")

    def close(self) -> None:
        """Remove the status line."""
        self._status.clear()

    def _print(self, line: str, style: str = "") -> None:
        self._status.clear()
        self._console.print(Text(plain(line), style=style), soft_wrap=True, highlight=False)
