"""Synthetic trials on a local Ray cluster whose workers are killed at random: is each result there once?

python -m tests.campaigns.ray_kills --trials 1000 --workers 50 --out docs/results/campaigns-ray.md
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from dawnbench.campaigns.matrix.coordinator import EndedAttempt, run_campaign
from dawnbench.campaigns.matrix.executors.ray_cluster import RayExecutor
from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.records.campaign import RunRequest, read_campaign
from dawnbench.records.reader import read_run
from tests.records.folders import make_run

TASK = "ray::perform_elsewhere"
"""How Ray calls a worker that runs a task; to kill Ray's own processes would end the whole node."""
RETRIES = 20
"""Chance may kill one trial's worker several times."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measurement found."""

    trials: int
    workers: int
    kills: int
    """Workers that were killed at work."""
    attempts: Mapping[str, int]
    """By outcome."""
    most_attempts: int
    """At one trial."""
    folders: int
    """Run folders in `runs`."""
    seeds: int
    """Different seeds among them."""
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether every result is there exactly once."""
        return self.folders == self.seeds == self.attempts.get("finished") == self.trials


def measure(trials: int, workers: int, share: float, seconds: float, place: Path, seed: int = 0) -> Outcome:
    """Run so many trials of about so many seconds; at this share of their ends, kill a random worker."""
    import ray

    template = make_run(place / "template")
    texts = {path.name: path.read_text() for path in template.iterdir()}
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    executor = RayExecutor("local", perform=synthetic(texts, seconds))
    requests = tuple(RunRequest("synthetic", (), number, "cpu") for number in range(trials))
    killer = Killer(share, random.Random(seed))
    began = time.monotonic()
    run_campaign(
        CampaignPlan("kills", requests, {}),
        place / "campaign",
        executor,
        retries=RETRIES,
        resuming=False,
        ended=killer.ended,
    )
    took = time.monotonic() - began
    campaign = read_campaign(place / "campaign")
    seeds = [read_run(folder).record.seed for folder in (place / "campaign/runs").iterdir()]
    return Outcome(
        trials=trials,
        workers=workers,
        kills=killer.kills,
        attempts=Counter(attempt.outcome for attempt in campaign.attempts),
        most_attempts=max(len(campaign.attempts_at(request)) for request in requests),
        folders=len(seeds),
        seeds=len(set(seeds)),
        seconds=took,
    )


def synthetic(texts: Mapping[str, str], seconds: float) -> Any:
    """Return a trial that waits and leaves a run folder with these files."""

    def perform(
        recipe: str, arguments: Sequence[str], out: str, environment: Mapping[str, str]
    ) -> dict[str, Any]:
        given = dict(word.split("=", 1) for word in arguments if word.startswith("--seed"))
        tags = dict(word.split("=", 2)[1:] for word in arguments if word.startswith("--tag"))
        seed = int(given["--seed"])
        time.sleep(random.Random(seed).uniform(0.5, 1.5) * seconds)
        folder = Path(out) / f"20260203T040506Z-synthetic-{os.urandom(3).hex()}"
        folder.mkdir()
        for name, text in texts.items():
            (folder / name).write_text(text)
        record = json.loads(texts["run.json"]) | {"seed": seed, "tags": tags}
        (folder / "run.json").write_text(json.dumps(record))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        return {"status": 0, "reason": "", "started": stamp, "ended": stamp, "host": "local"}

    return perform


class Killer:
    """Kills a worker at random, now and then when an attempt ends, so that its pace is the machine's."""

    def __init__(self, share: float, draws: random.Random) -> None:
        self.kills = 0
        self._share, self._draws = share, draws
        self._began = time.monotonic()

    def ended(self, one: EndedAttempt) -> None:
        if one.done % 50 == 0 and one.attempt.outcome == "finished":
            print(f"{one.done} of {one.asked}, {time.monotonic() - self._began:.0f} s", file=sys.stderr)
        if self._draws.random() < self._share and (at_work := list(_at_work())):
            with suppress(psutil.NoSuchProcess):
                self._draws.choice(at_work).send_signal(signal.SIGKILL)
                self.kills += 1


def _at_work() -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if (process.cmdline() or [""])[0].startswith(TASK):
                yield process


def page(found: Outcome, command: str) -> str:
    """Return the outcome as a page of the documentation."""
    import ray

    verdict = "every result is there exactly once" if found.exact else "RESULTS ARE MISSING OR DOUBLED"
    attempts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(found.attempts.items()))
    return f"""# A campaign on Ray whose workers are killed

{found.trials:,} synthetic trials over {found.workers} workers of a local Ray cluster, while workers were
killed by SIGKILL at random: **{verdict}**.

| | |
| --- | --- |
| trials | {found.trials:,} |
| workers | {found.workers} |
| workers killed | {found.kills:,} |
| attempts | {sum(found.attempts.values()):,}: {attempts} |
| most attempts at one trial | {found.most_attempts} |
| run folders | {found.folders:,} with {found.seeds:,} different seeds |
| time | {found.seconds:,.0f} s |

A trial waits for about a second and leaves a run folder. The rest is what every campaign on Ray does: the
task, the transfer of the folder, `attempts.jsonl` with a forced write per line, and up to {RETRIES} retries.
A worker that is killed just after its task costs no attempt.

Measured on {os.cpu_count()} cores of {_processor()}, with Python {sys.version.split()[0]}
and Ray {ray.__version__}, by

```console
{command}
```
"""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "an unknown processor"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def main() -> int:
    """Measure, print the page or write it, and return 0 if every result is there once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument(
        "--share", type=float, default=0.2, help="of attempts at whose end a worker is killed"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="mean length of a trial")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = measure(given.trials, given.workers, given.share, given.seconds, Path(place))
    command = f"python -m tests.campaigns.ray_kills --trials {given.trials} --workers {given.workers}"
    text = page(found, command)
    print(text) if given.out is None else given.out.write_text(text)
    return 0 if found.exact else 1


if __name__ == "__main__":
    sys.exit(main())
