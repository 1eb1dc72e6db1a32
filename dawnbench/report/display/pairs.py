"""Two recipes run in pairs: one line per trial, and the campaign's progress."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from dawnbench.records.schema import RunRecord, TrialRecord
from dawnbench.report.display.display import Display
from dawnbench.report.text.status_line import StatusLine
from dawnbench.report.units import latency, percent, seconds
from dawnbench.safe_text import plain


class PairsDisplay:
    """Draws both sides of a campaign in one place; always `close` it, however the campaign ends."""

    def __init__(self, console: Console, rule: str, pairs: int, at_most: bool = False) -> None:
        """`at_most` means that fewer pairs may do, so that the time left is the longest possible."""
        self.a, self.b = SideDisplay(self, "A"), SideDisplay(self, "B")
        self.console, self._rule = console, rule
        self._width, self._of = len(str(pairs)), f" of at most {pairs}" if at_most else f"/{pairs}"
        of = " of at most " if at_most else "/"
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            TextColumn(f"{{task.completed:.1f}}{of}{{task.total:.0f}} trials"),
            BarColumn(bar_width=None),
            TimeElapsedColumn(),
            TextColumn("left at most" if at_most else "left"),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=2,
            speed_estimate_period=600,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=2 * pairs)
        self._ended = 0
        self._loading = ""
        self._begun = False
        self._status = StatusLine(console.file if console.is_terminal else None)

    def load(self, what: str, done: int, total: int) -> None:
        """Show the progress, overwriting one line; in a pipe, only what is being loaded."""
        if self.console.is_terminal:
            share = f" {100 * done // total} %" if total else ""
            self._status.say(plain(f"{what}{share}"))
            if total and done >= total:
                self._status.clear()
                self._print(Text(plain(f"{what}{share}")))
        elif what != self._loading:
            self._print(Text(plain(what)))
        self._loading = what

    def prepare(self, side: str, what: str, slow: bool) -> None:
        """Show what a side does before its first trial; in a pipe, only what takes long."""
        message = plain(f"{side}: {what}")
        if self._begun:
            self._progress.update(self._task, description=message, refresh=True)
        else:
            self._status.say(message)
        if slow and not self.console.is_terminal:
            self._print(Text(message))

    def begin(self, side: str, record: RunRecord, folder: Path) -> None:
        """Print what runs on a side, and where it is recorded."""
        self._status.clear()
        one = record.identity
        what = one.recipe if record.inference is None else f"{one.recipe} of {record.inference.model}"
        self._print(Text.assemble((f"{side} ", "bold"), plain(f"{what} on {one.where}, {folder}")))
        self._begun = True
        self._progress.start()

    def warn(self, sentence: str) -> None:
        """Print what the campaign cannot show, before it runs."""
        self._print(Text(plain(f"note: {sentence}"), style="yellow"))

    def note(self, side: str, sentence: str) -> None:
        """Print what was requested on a side and could not be done."""
        self._print(Text.assemble((f"{side} ", "bold"), (f"note: {plain(sentence)}", "yellow")))

    def move(self, share: float) -> None:
        """Move the bar to `share` of the current trial."""
        self._progress.update(self._task, completed=self._ended + share, description="")

    def end_trial(self, side: str, record: TrialRecord) -> None:
        """Print a trial's result."""
        self._ended += 1
        self.move(0)
        pair = f"pair {record.trial:>{self._width}}{self._of}"
        time = seconds(record.seconds.get(self._rule))
        if record.inference is not None:
            time = latency(record.inference.latency_seconds)
        accuracy = percent(record.accuracy)
        line = Text.assemble(f"{pair}  ", (side, "bold"), f"  {time:>10}  {accuracy:>8}")
        for note in (record.reason, *record.warnings):
            if note:
                line.append(f"  {plain(note)}", style="yellow")
        self._print(line)

    def close(self) -> None:
        """Remove the bar, or the status line before it."""
        self._status.clear()
        self._progress.update(self._task, visible=False)
        if not self._progress.disable:  # rich before 14.3 prints an empty line after a bar that it never drew
            self._progress.stop()

    def _print(self, text: Text) -> None:
        self._progress.console.print(text, highlight=False, soft_wrap=not self.console.is_terminal)


class SideDisplay(Display):
    """One side's observer."""

    def __init__(self, pairs: PairsDisplay, side: str) -> None:
        self._both, self._side = pairs, side
        self._steps = 1

    def loading(self, what: str, done: int, total: int) -> None:
        """Show the progress of loading this side's data."""
        self._both.load(what, done, total)

    def preparing(self, what: str, slow: bool = False) -> None:
        """Show what this side does before its first trial."""
        self._both.prepare(self._side, what, slow)

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Print what runs on this side."""
        super().run_started(record, folder, steps)
        self._steps = max(1, steps)
        self._both.begin(self._side, record, folder)

    def noted(self, sentence: str) -> None:
        """Print the sentence."""
        self._both.note(self._side, sentence)

    def step(self, steps: int) -> None:
        """Move the bar."""
        self._both.move(steps / self._steps)

    def trial_ended(self, record: TrialRecord) -> None:
        """Print the trial's result."""
        self._both.end_trial(self._side, record)
