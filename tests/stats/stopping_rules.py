"""How often `--trials auto` errs, in simulated campaigns and runs whose truth is known.

`python -m tests.stats.stopping_rules` prints Markdown tables. All campaigns of a kind are simulated at once,
by the bounds of `dawnbench.stats.sequential` but with tests of their own; tests/stats/test_stopping.py checks
that the package stops at the same pair with the same verdict.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import t, ttest_1samp

from dawnbench.stats.sequential import (
    CLAIM_ALPHA,
    INTERVAL_ALPHA,
    MIN_TRIALS,
    VERDICT_ALPHA,
    first_look,
    level_after,
)

MOST = 40
"""Trials, or pairs, at most."""
Noise = Callable[[np.random.Generator, int, int], np.ndarray]
"""An array (experiments, trials): the time of each successive trial over the time it should take."""


def normal(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    return 1 + 0.01 * rng.standard_normal((count, trials))


def lognormal(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """Skewed as times are: 3 % at the least, seldom much more."""
    return 0.97 + 0.03 * np.exp(0.5 * rng.standard_normal((count, trials)) - 0.125)


def autocorrelated(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """A machine whose slow spells outlast a trial."""
    fresh = rng.standard_normal((count, trials))
    for trial in range(1, trials):
        fresh[:, trial] = 0.8 * fresh[:, trial - 1] + 0.6 * fresh[:, trial]
    return 1 + 0.01 * fresh


def drifting(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """A GPU that warms up: 20 % from the first trial to the last."""
    return normal(rng, count, trials) * np.linspace(1, 1.2, trials)


def warming(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """The same 20 %, most of it within the first trials."""
    return normal(rng, count, trials) * (1.2 - 0.2 * np.exp(-np.arange(trials) / 4))


def heavy_tailed(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """Student's t with 2 degrees of freedom, which has no variance."""
    return np.maximum(0.5, 1 + 0.005 * rng.standard_t(2, (count, trials)))


def spiky(rng: np.random.Generator, count: int, trials: int) -> np.ndarray:
    """About every tenth trial, at random, is a tenth slower."""
    return normal(rng, count, trials) + 0.1 * (rng.random((count, trials)) < 0.1)


KINDS: tuple[Noise, ...] = (
    normal,
    lognormal,
    autocorrelated,
    drifting,
    warming,
    heavy_tailed,
    spiky,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How simulated experiments ended, experiment by experiment."""

    side: np.ndarray
    """1 if B was called slower or the claim held, -1 if B was called faster or the claim failed, else 0."""
    trials: np.ndarray
    """Pairs or trials when it stopped."""
    covered: np.ndarray
    """Whether the interval at the end held the true value."""


def differences(
    rng: np.random.Generator, noise: Noise, count: int, slower: float = 0.0, most: int = MOST
) -> np.ndarray:
    """Return an array (campaigns, pairs): the logarithms of B's times over A's, in ABBA order."""
    taken = np.log(noise(rng, count, 2 * most)).reshape(count, most, 2)
    turned = np.where(np.arange(most) % 2, -1, 1)
    return turned * (taken[:, :, 1] - taken[:, :, 0]) + np.log1p(slower)


def verdicts(found: np.ndarray, slower: float = 0.0) -> Outcome:
    """Look at each campaign after every pair until the signed-rank test is below its bound."""
    count, most = found.shape
    side, stopped, covered = np.zeros(count, int), np.full(count, most), np.zeros(count, bool)
    first = first_look("verdict", most)
    for pairs in range(first, most + 1):
        going = np.flatnonzero(stopped == most)
        less, greater = _signed_rank(found[going, :pairs])
        level = level_after(pairs, first, most, VERDICT_ALPHA) / 2
        settled = (less < level) | (greater < level)
        ended = going[settled] if pairs < most else going
        side[going] = np.where(less < level, -1, np.where(greater < level, 1, 0))
        stopped[ended] = pairs
        covered[ended] = np.minimum(*_signed_rank(found[ended, :pairs] - np.log1p(slower))) >= level
    return Outcome(side, stopped, covered)


def _signed_rank(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact one-sided p-values, that B is faster and that it is slower, of values without ties."""
    pairs = found.shape[1]
    ways = np.ones(1)
    for rank in range(1, pairs + 1):
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    below = np.cumsum(ways) / 2.0**pairs
    ranks = np.argsort(np.argsort(np.abs(found), axis=1), axis=1) + 1
    above = (ranks * (found > 0)).sum(axis=1)
    return below[above], below[pairs * (pairs + 1) // 2 - above]


def claims(accuracies: np.ndarray, target: float) -> Outcome:
    """Look at each run, a row, after every trial until the one-sided t-test is below its bound."""
    count, most = accuracies.shape
    side, stopped = np.zeros(count, int), np.full(count, most)
    first = first_look("claim", most)
    for trials in range(first, most + 1):
        going = np.flatnonzero(stopped == most)
        seen = accuracies[going, :trials]
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = (seen.mean(axis=1) - target) / seen.std(axis=1, ddof=1) * np.sqrt(trials)
        least = t.isf(level_after(trials, first, most, 2 * CLAIM_ALPHA) / 2, trials - 1)
        side[going] = np.where(statistic > least, 1, np.where(statistic < -least, -1, 0))
        stopped[going[side[going] != 0]] = trials
    return Outcome(side, stopped, np.zeros(count, bool))


def intervals(times: np.ndarray, true: float, until: float) -> Outcome:
    """Sample each run, a row, until the mean's interval is narrow enough."""
    count, most = times.shape
    stopped, covered = np.full(count, most), np.zeros(count, bool)
    for trials in range(MIN_TRIALS["interval"], most + 1):
        going = np.flatnonzero(stopped == most)
        seen = times[going, :trials]
        mean, deviation = seen.mean(axis=1), seen.std(axis=1, ddof=1)
        share = float(t.isf(INTERVAL_ALPHA / 2, trials - 1)) * deviation / np.sqrt(trials) / mean
        share *= 1 + 2 / trials
        narrow = (share <= until) | (trials == most)
        stopped[going[narrow]] = trials
        covered[going[narrow]] = (np.abs(mean - true) <= share * mean)[narrow]
    return Outcome(np.zeros(count, int), stopped, covered)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=20_000, help="of each kind")
    count = parser.parse_args().experiments
    rng = np.random.default_rng(0)

    print("| noise | B slower by | called faster | called slower | pairs, mean | interval covers |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for noise in KINDS:
        for slower in (0.0, 0.01, 0.03):
            found = verdicts(differences(rng, noise, count, slower), slower)
            faster, slow = 100 * (found.side < 0).mean(), 100 * (found.side > 0).mean()
            print(
                f"| {noise.__name__} | {100 * slower:g} % | {faster:.2f} % | {slow:.2f} % | "
                f"{found.trials.mean():.1f} | {100 * found.covered.mean():.1f} % |"
            )

    print(
        "\n| accuracies | above the target, sd | claim holds | claim fails | trials, mean | all 40 at once |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    shapes = {
        "normal": rng.standard_normal,
        "of 360 images": lambda shape: (rng.binomial(360, 0.97, shape) - 349.2) / np.sqrt(360 * 0.97 * 0.03),
        "with low outliers": lambda shape: (np.euler_gamma - rng.gumbel(0, 1, shape)) / (np.pi / np.sqrt(6)),
    }
    for name, draw in shapes.items():
        for above in (0.0, 0.5, 1.0):
            drawn = draw((count, MOST))
            found, at_once = claims(drawn, -above), ttest_1samp(drawn, -above, axis=1, alternative="greater")
            print(
                f"| {name} | {above:g} | {100 * (found.side > 0).mean():.2f} % | "
                f"{100 * (found.side < 0).mean():.2f} % | {found.trials.mean():.1f} | "
                f"{100 * (at_once.pvalue < 0.05).mean():.2f} % |"
            )

    print("\n| times | --until | trials, mean | interval covers |")
    print("| --- | ---: | ---: | ---: |")
    for noise, most in ((normal, 100), (lognormal, 200), (heavy_tailed, 200), (spiky, 1000)):
        true = 1.01 if noise is spiky else 1.0
        for until in (0.01, 0.005, 0.0025):
            found = intervals(noise(rng, count // 4, most), true, until)
            print(
                f"| {noise.__name__} | {100 * until:g} % | {found.trials.mean():.1f} | "
                f"{100 * found.covered.mean():.1f} % |"
            )


if __name__ == "__main__":
    main()
