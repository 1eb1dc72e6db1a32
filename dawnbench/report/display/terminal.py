"""A run in a terminal: a table with one row per epoch, above a bar that shows the time left."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.display.display import Display, trial_sentence
from dawnbench.report.text.log_table import COLUMNS, MIN_WIDTHS, TimeFormat, cells
from dawnbench.report.text.status_line import StatusLine
from dawnbench.report.units import percent
from dawnbench.safe_text import plain

WITHOUT_COUNTS = (0, 1, 2, 3, 5, 6, 8)
"""The columns that stay if all nine do not fit: the accuracies repeat what the counts say."""
REFRESHES_PER_SECOND = 2


class TerminalDisplay(Display):
    """Draws with rich; call `close` when the run is over, however it ends."""

    def __init__(self, console: Console, style: TimeFormat) -> None:
        self._console, self._style = console, style
        self._widths = [*MIN_WIDTHS]
        if style == "milliseconds":
            self._widths[2] = len("00m 00.000s")
        self._widths[-1] = len("100.00 %")
        every = tuple(range(len(COLUMNS)))
        self._columns = every if self._width(every) <= console.width else WITHOUT_COUNTS
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=REFRESHES_PER_SECOND,
            speed_estimate_period=120,
        )
        self._task: TaskID | None = None
        self._status = StatusLine(console.file)
        self._steps = self._trials = self._trial = self._epochs = 0
        self._target = 1.0

    def loading(self, what: str, done: int, total: int) -> None:
        """Show the progress, overwriting one line."""
        share = f" {100 * done // total} %" if total else ""
        self._status.say(f"{what}{share}")
        if total and done >= total:
            self._status.clear()
            self._print(Text(plain(f"{what}{share}")))

    def preparing(self, what: str, slow: bool = False) -> None:
        """Show what is being waited for, overwriting one line, or next to the bar once there is one."""
        if self._task is None:
            self._status.say(what)
        else:
            self._progress.update(self._task, description=what, refresh=True)

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Print what runs where, and start the bar; the warm-up comes first."""
        super().run_started(record, folder, steps)
        self._status.clear()
        self._steps, self._trials, self._target = steps, record.trials, record.target
        self._epochs = int(record.recipe["epochs"])
        one = record.identity
        self._print(
            Text.assemble((plain(one.recipe), "bold"), plain(f" on {one.where}, to {percent(record.target)}"))
        )
        self._task = self._progress.add_task("warming up", total=steps * record.trials)
        self._progress.start()

    def noted(self, sentence: str) -> None:
        """Print the sentence above the bar."""
        self._print(Text(f"note: {plain(sentence)}", style="yellow"))

    def trial_started(self, trial: int, seed: int) -> None:
        """Print the table's header."""
        self._trial = trial
        self._describe(1)
        self._print(Text(f"\ntrial {trial} of {self._trials}, seed {seed}", style="bold"))
        self._print(self._line(COLUMNS, "bold"))

    def step(self, steps: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.update(self._task, completed=(self._trial - 1) * self._steps + steps)

    def epoch_ended(self, record: EpochRecord) -> None:
        """Print the epoch's row, in green if it reached the target."""
        reached = record.validation_accuracy >= self._target
        self._print(self._line(cells(record, self._style, uniform=True), "green" if reached else ""))
        self._describe(min(record.epoch + 1, self._epochs))

    def trial_ended(self, record: TrialRecord) -> None:
        """Print the trial's result."""
        style = "red" if record.reason else "yellow" if record.epochs_to_target is None else "green"
        self._print(Text(plain(trial_sentence(record)), style=style))
        for warning in record.warnings:
            self._print(Text(plain(f"warning: {warning}"), style="yellow"))

    def close(self) -> None:
        """Remove the bar, or the status line before it."""
        self._status.clear()
        if self._task is not None:
            self._progress.update(self._task, visible=False)
            self._progress.stop()

    def _describe(self, epoch: int) -> None:
        if self._task is not None:
            text = f"trial {self._trial}/{self._trials} epoch {epoch}/{self._epochs}"
            self._progress.update(self._task, description=text)

    def _width(self, columns: tuple[int, ...]) -> int:
        return sum(self._widths[i] + 2 for i in columns)

    def _line(self, row: tuple[str, ...], style: str) -> Text:
        return Text("  ".join(row[i].rjust(self._widths[i]) for i in self._columns), style=style)

    def _print(self, text: Text) -> None:
        self._progress.console.print(text, highlight=False)
