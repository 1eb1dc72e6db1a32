"""TensorBoard: one folder per trial, with its curves, its result and its parameters for the HPARAMS tab.

Written record by record by TensorBoard's own RecordWriter, without the thread of its event writer, so the
same run gives the same bytes. Every call appends to a file and closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from dawnbench.export.trackers.tracker import Point, RunFacts, TrialFacts, TrialOutcome, load
from dawnbench.records.files import check_target
from dawnbench.records.schema import RunStatus, TrialStatus
from dawnbench.report.text.markdown import table
from dawnbench.safe_text import markdown


class TensorBoard:
    """Writes <store>/<run folder>/<trial>/events.out.tfevents.<seconds>.dawnbench."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def begin_run(self, run: RunFacts) -> None:
        """Import the writer, remove an older version, write the tags of the run as text."""
        self._open_record = load("tensorboard.summary.writer.record_writer").RecordWriter
        self._events = load("tensorboard.compat.proto.event_pb2")
        self._summaries = load("tensorboard.compat.proto.summary_pb2")
        self._hparams = load("tensorboard.plugins.hparams.plugin_data_pb2")
        self._status = load("tensorboard.plugins.hparams.api_pb2").Status
        self._hparams_metadata = load("tensorboard.plugins.hparams.metadata")
        self._text = load("tensorboard.plugins.text.summary").text_pb
        self._run = run
        self._folder = self._store / run.name
        # Remove only our own files: the store may be the folder of the run folders itself.
        for older in self._folder.glob("**/events.out.tfevents.*.dawnbench"):
            older.unlink()
        shown = [*run.tags.items(), *((f"tags {key}", value) for key, value in run.user_tags.items())]
        rows = [[markdown(key), markdown(value)] for key, value in shown]
        about = self._text("about", table(("", run.project), rows))
        self._append("", [self._event(run.began, summary=about)])

    def begin_trial(self, trial: TrialFacts) -> None:
        """Write the parameters of a session."""
        start = self._hparams.SessionStartInfo(group_name=self._run.name, start_time_secs=trial.began)
        for key, value in {**self._run.parameters, "seed": trial.seed}.items():
            if isinstance(value, bool):
                start.hparams[key].bool_value = value
            elif isinstance(value, str):
                start.hparams[key].string_value = value
            else:
                start.hparams[key].number_value = value
        tag = self._hparams_metadata.SESSION_START_INFO_TAG
        self._append_hparams(trial, trial.began, tag, session_start_info=start)

    def log_epochs(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write scalars by epoch."""
        self._append_scalars(trial, points)

    def end_trial(self, trial: TrialFacts, outcome: TrialOutcome) -> None:
        """Write the result's scalars at the trial's number, and the session's end."""
        at = outcome.result.at
        self._append_scalars(trial, [outcome.result])
        notes = (self._text(key, markdown(value)) for key, value in outcome.tags.items())
        self._append(trial.name, [self._event(at, summary=note) for note in notes])
        end = self._hparams.SessionEndInfo(status=self._session_status(outcome.status), end_time_secs=at)
        tag = self._hparams_metadata.SESSION_END_INFO_TAG
        self._append_hparams(trial, at, tag, session_end_info=end)

    def log_telemetry(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        """Write scalars by milliseconds since the trial began."""
        self._append_scalars(trial, points)

    def finish(self, status: RunStatus, at: float) -> str:
        """Say how to look at it; everything is written."""
        return f"look at it with `tensorboard --logdir {quote(str(self._store))}`"

    def _append_scalars(self, trial: TrialFacts, points: Sequence[Point]) -> None:
        value, summary = self._summaries.Summary.Value, self._summaries.Summary
        self._append(
            trial.name,
            [
                self._event(
                    point.at,
                    step=point.step,
                    summary=summary(
                        value=[value(tag=tag, simple_value=v) for tag, v in point.figures.items()]
                    ),
                )
                for point in points
            ],
        )

    def _append_hparams(self, trial: TrialFacts, at: float, tag: str, **content: Any) -> None:
        value = self._summaries.Summary.Value(
            tag=tag,
            metadata=self._hparams_metadata.create_summary_metadata(
                self._hparams.HParamsPluginData(**content)
            ),
            tensor=self._hparams_metadata.NULL_TENSOR,
        )
        self._append(trial.name, [self._event(at, summary=self._summaries.Summary(value=[value]))])

    def _session_status(self, status: TrialStatus) -> Any:
        return self._status.Value("STATUS_SUCCESS" if status == "finished" else "STATUS_FAILURE")

    def _event(self, at: float, **content: Any) -> Any:
        return self._events.Event(wall_time=at, **content)

    def _append(self, folder: str, events: Sequence[Any]) -> None:
        path = self._folder / folder / f"events.out.tfevents.{int(self._run.began)}.dawnbench"
        check_target(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("ab") as file:
            writer = self._open_record(file)
            if new:
                writer.write(self._event(self._run.began, file_version="brain.Event:2").SerializeToString())
            for event in events:
                writer.write(event.SerializeToString(deterministic=True))
