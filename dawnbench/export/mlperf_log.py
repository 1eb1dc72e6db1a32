"""Trials as logs in MLPerf's format, written by the mlperf-logging package.

They are not MLPerf results: MLPerf has no benchmark on CIFAR-10. Our own rule file says what the compliance
checker of that package requires of them.
"""

from __future__ import annotations

import logging
from importlib.resources import files
from io import StringIO
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.export.mlperf_timeline import EVALUATIONS, WITHOUT_DATA, Timeline, timeline
from dawnbench.export.run_facts import check_cifar10, public_recipe
from dawnbench.records.reader import Run
from dawnbench.records.schema import RunRecord, Segment, TrialRecord

RULE_FILE = "cifar10.yaml"


def rules_text() -> str:
    """Return the rule file for the compliance checker."""
    return (files("dawnbench.export") / "mlperf_rules" / RULE_FILE).read_text(encoding="utf-8")


def mlperf_log(run: Run, trial: TrialRecord, org: str) -> str | None:
    """Return the log of a trial: one line per event, from the start of the process to the target or the end.

    `org` is who submits. The time of each event comes from the ledger, so the log is the same whenever it is
    written. `file` and `lineno` name the record in the run folder. None if the trial stopped before its data
    was touched.

    Raises:
        DawnbenchError: the run is of inference or on other data than the rule file accepts, the
            mlperf-logging package is missing, or run.json gives no time.
    """
    if run.record.inference is not None:
        raise DawnbenchError(
            f"{run.folder} is an inference run, and these logs are of training; "
            "--format dawnbench, csv or json takes it"
        )
    check_cifar10(run, "the rules for MLPerf's checker take")
    seen = timeline(run, trial)
    if seen is None:
        return None
    log = _Log(seen, {"file": "trials.jsonl", "lineno": run.trials.index(trial) + 1})
    for key, value in _facts(run, trial, org).items():
        log.event(key, seen.init_ns, value)
    log.start("init_start", seen.init_ns)
    running = False
    for segment in seen.segments:
        if not running and segment.name not in WITHOUT_DATA:
            log.end("init_stop", segment.start_ns)
            log.start("run_start", segment.start_ns)
            running = True
        _log_segment(log, segment, _accuracy(run, trial, segment))
    status = "aborted" if trial.epochs_to_target is None else "success"
    log.end("run_stop", seen.stop_ns, status=status)
    return log.text()


def _facts(run: Run, trial: TrialRecord, org: str) -> dict[str, Any]:
    record = run.record
    recipe = public_recipe(run)
    facts = {
        "submission_benchmark": "cifar10",
        "submission_org": org,
        "submission_division": "open",
        "submission_status": "research",
        "submission_platform": record.identity.hardware,
        **_together(record),
        "seed": trial.seed,
        "global_batch_size": recipe.get("batch_size"),
        "train_samples": record.data.train_images,
        "eval_samples": record.data.validation_images,
        "target_accuracy": trial.target,
        "data_fingerprint": record.data.fingerprint,
        "recipe": recipe,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _together(record: RunRecord) -> dict[str, int | None]:
    """Return the two numbers by the names of MLPerf's system descriptions; nothing for one device."""
    if record.devices == 1:
        return {}
    per_node, rest = divmod(record.devices, record.nodes)
    return {"number_of_nodes": record.nodes, "accelerators_per_node": None if rest else per_node}


def _accuracy(run: Run, trial: TrialRecord, segment: Segment) -> float | None:
    if segment.name not in EVALUATIONS:
        return None
    found = [e.validation_accuracy for e in run.epochs_of(trial.trial) if e.epoch == segment.epoch]
    return found[0] if found else None


def _log_segment(log: _Log, segment: Segment, accuracy: float | None) -> None:
    end_ns = segment.start_ns + segment.length_ns
    where = {} if segment.epoch is None else {"epoch_num": segment.epoch}
    key = "epoch" if segment.name == "train" else "eval" if segment.name in EVALUATIONS else "segment"
    value = segment.name if key == "segment" else None
    log.start(f"{key}_start", segment.start_ns, value, **where)
    if accuracy is not None:
        log.event("eval_accuracy", end_ns, accuracy, **where)
    log.end(f"{key}_stop", end_ns, value, **where)


class _Log:
    """The logger of the package, with our clock."""

    def __init__(self, seen: Timeline, caller: dict[str, Any]) -> None:
        try:
            from mlperf_logging import mllog  # type: ignore[import-untyped]
        except ImportError as error:
            raise DawnbenchError(
                "--format mlperf needs the package mlperf-logging; "
                "install it with `pip install 'dawnbench[mlperf]'`"
            ) from error
        self._seen, self._caller, self._text = seen, caller, StringIO()
        handler = logging.StreamHandler(self._text)
        # It warns on every line that the file and line of its caller are replaced, which is intended.
        handler.addFilter(lambda message: message.levelno != logging.WARNING)
        logger = logging.Logger("dawnbench.export.mlperf_log")
        logger.addHandler(handler)
        self._logger = mllog.mllog.MLLogger(logger)

    def event(self, key: str, since_began_ns: int, value: Any, **metadata: Any) -> None:
        self._logger.event(key, value, **self._rest(since_began_ns, metadata))

    def start(self, key: str, since_began_ns: int, value: Any = None, **metadata: Any) -> None:
        self._logger.start(key, value, **self._rest(since_began_ns, metadata))

    def end(self, key: str, since_began_ns: int, value: Any = None, **metadata: Any) -> None:
        self._logger.end(key, value, **self._rest(since_began_ns, metadata))

    def text(self) -> str:
        return self._text.getvalue()

    def _rest(self, since_began_ns: int, metadata: dict[str, Any]) -> dict[str, Any]:
        return {"time_ms": self._seen.time_ms(since_began_ns), "metadata": {**metadata, **self._caller}}
