"""A run as plain Markdown lines, for a pipe or a log file."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.report.display.display import Display, trial_sentence
from dawnbench.report.text.log_table import COLUMNS, TimeFormat, cells, column_widths, markdown_row
from dawnbench.safe_text import plain, plain_lines


class PlainDisplay(Display):
    """Writes each trial's log table row by row, without control codes."""

    def __init__(self, file: IO[str], style: TimeFormat) -> None:
        self._file, self._style = file, style
        self._trials = 0
        self._loading = ""

    def loading(self, what: str, done: int, total: int) -> None:
        """Write once what is being loaded."""
        if what != self._loading:
            self._loading = what
            self._write(what)

    def preparing(self, what: str, slow: bool = False) -> None:
        """Write only what takes long, since a log file is read afterwards."""
        if slow:
            self._write(what)

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        """Write what runs where, and the run folder."""
        super().run_started(record, folder, steps)
        self._trials = record.trials
        self._write(plain(f"{record.identity.recipe} on {record.identity.where}"))
        self._write(plain(f"run folder {folder}"))

    def noted(self, sentence: str) -> None:
        """Write the sentence."""
        self._write(plain(f"note: {sentence}"))

    def trial_started(self, trial: int, seed: int) -> None:
        """Write the table's header."""
        widths = column_widths(
            [("",) * 2 + ("00m 00.000s" if self._style == "milliseconds" else "",) + ("",) * 6]
        )
        self._widths = widths
        self._write(f"\ntrial {trial}/{self._trials}, seed {seed}\n")
        self._write(markdown_row(COLUMNS, widths))
        self._write(markdown_row(["-" * width for width in widths], widths))

    def epoch_ended(self, record: EpochRecord) -> None:
        """Write the epoch's row."""
        self._write(markdown_row(cells(record, self._style), self._widths))

    def trial_ended(self, record: TrialRecord) -> None:
        """Write whether a trial reached the target or why it ended early, and its warnings."""
        self._write("\n" + plain(trial_sentence(record)))
        for warning in record.warnings:
            self._write(plain(f"warning: {warning}"))

    def _write(self, line: str) -> None:
        # A recipe's name or an error may hold anything.
        print(plain_lines(line), file=self._file, flush=True)
