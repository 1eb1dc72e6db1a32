"""A run's identity: the facts that decide which runs belong together and what each is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dawnbench.records.inference import InferenceSettings, RunKind

SHOWN_ELSEWHERE = ("target", "dataset.name")
"""Changes that every list and title shows separately."""
MAX_CHANGES = 4
"""Changes that a label names; the others are only counted."""
DIGITS = 8
"""Of a digest, if two recipes would otherwise look alike."""


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What a run trained, on which data and device, and to which target.

    Two are equal if the runs' times belong in one history: the same settings, pixels, target, kind of device,
    precision, and numbers of threads, devices and nodes. The names of the recipe and the data, and the device
    asked for, may differ.
    """

    fingerprint: str
    """Of the data."""
    target: float
    """Validation accuracy, 0 to 1."""
    recipe_digest: str
    device_name: str
    precision: str
    recipe_name: str = field(compare=False)
    changed: tuple[str, ...] = field(compare=False)
    """What was changed in the recipe, as `path=value`; empty in older runs."""
    data: str = field(compare=False)
    """The data's source, as the user named it."""
    device: str = field(compare=False)
    """What was asked for: cpu, cuda, cuda:1, mps."""
    threads: int | None = None
    """Threads of the processor that computed; None if a GPU computed, and in older runs."""
    devices: int = 1
    """How many trained one trial together."""
    nodes: int = 1
    """How many machines those devices are in."""
    inference: str = field(default="", compare=False)
    """What ran the model of an inference run: `torch`, `torch compiled` or `onnx`; empty of a training."""

    @property
    def kind(self) -> RunKind:
        """Whether the run trained, or timed the answers of a trained model."""
        return "inference" if self.inference else "training"

    @property
    def deciding(self) -> tuple[str | float, ...]:
        """The facts that must agree, in a fixed order.

        Without threads if their number is None, and without devices and nodes if there is one device.
        """
        facts = (self.fingerprint, self.target, self.recipe_digest, self.device_name, self.precision)
        threads = () if self.threads is None else (self.threads,)
        together = () if self.devices == 1 else (f"{self.devices} devices", f"{self.nodes} nodes")
        return (*facts, *threads, *together)

    @property
    def conditions(self) -> str:
        """What the device computed with: `bf16, 2 threads`, or only `bf16`."""
        return self._with_threads(self.precision)

    @property
    def machine(self) -> str:
        """The device, and how much of it computed: `AMD EPYC, 2 threads`, or only `NVIDIA H200`."""
        return self._with_threads(self.hardware)

    @property
    def hardware(self) -> str:
        """The devices that trained one trial: `NVIDIA H200`, or `16 x NVIDIA H200 on 2 nodes`."""
        several = f"{self.devices} x {self.device_name}" if self.devices > 1 else self.device_name
        return f"{several} on {self.nodes} nodes" if self.nodes > 1 else several

    @property
    def together(self) -> dict[str, int]:
        """`devices` and `nodes` for a JSON object; empty for one device, whose object says neither."""
        return {} if self.devices == 1 else {"devices": self.devices, "nodes": self.nodes}

    @property
    def where(self) -> str:
        """Where it ran: `AMD EPYC (cpu, bf16, 2 threads)`."""
        return f"{self.hardware} ({self.device}, {self.conditions})"

    @property
    def changes(self) -> str:
        """What was changed in the recipe, such as `precision=fp32 epochs=2`; empty if nothing was."""
        shown = [change for change in self.changed if change.partition("=")[0] not in SHOWN_ELSEWHERE]
        more = len(shown) - MAX_CHANGES
        return " ".join([*shown[:MAX_CHANGES], *([f"+{more} more"] if more > 0 else [])])

    @property
    def workload(self) -> str:
        """The recipe's name, and of an inference run what ran the model: `quickstart inference torch`."""
        return f"{self.recipe_name} inference {self.inference}" if self.inference else self.recipe_name

    @property
    def recipe(self) -> str:
        """The workload and what was changed in its recipe: `quickstart precision=fp32 epochs=2`."""
        return " ".join(filter(None, (self.workload, self.changes)))

    def _with_threads(self, text: str) -> str:
        if self.threads is None:
            return text
        return f"{text}, 1 thread" if self.threads == 1 else f"{text}, {self.threads} threads"


class _DataFacts(Protocol):
    """Which data a run trained on."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def source(self) -> str: ...


class _RunFacts(Protocol):
    """What a run's record and a set of trials both say."""

    @property
    def data(self) -> _DataFacts: ...

    @property
    def target(self) -> float: ...

    @property
    def recipe(self) -> Mapping[str, Any]: ...

    @property
    def recipe_digest(self) -> str: ...

    @property
    def recipe_name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def device_name(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, Any]: ...

    @property
    def devices(self) -> int: ...

    @property
    def nodes(self) -> int: ...

    @property
    def inference(self) -> InferenceSettings | None: ...


def identity_of(run: _RunFacts) -> RunIdentity:
    """Return the identity of a run."""
    return RunIdentity(
        fingerprint=run.data.fingerprint,
        target=run.target,
        recipe_digest=run.recipe_digest,
        device_name=run.device_name,
        precision=run.precision,
        recipe_name=run.recipe_name,
        changed=changed_settings(run.recipe),
        data=run.data.source,
        device=run.device,
        threads=computing_threads(run.environment),
        devices=run.devices,
        nodes=run.nodes,
        inference="" if run.inference is None else runtime_name(run.inference.runtime, run.inference.compile),
    )


def runtime_name(runtime: str, compiled: bool) -> str:
    """Return what ran a model, such as `torch compiled`."""
    return f"{runtime} compiled" if compiled else runtime


def computing_threads(environment: Mapping[str, Any]) -> int | None:
    """Return how many threads of the processor computed, as a recorded environment says.

    None if a GPU computed, since then hardly anything depends on them, and if it was not recorded.
    """
    cpu = environment.get("cpu")
    threads = cpu.get("threads") if isinstance(cpu, Mapping) else None
    return threads if isinstance(threads, int) else None


def changed_settings(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the changes that a recorded recipe lists."""
    changed = recipe.get("changed")
    return tuple(str(change) for change in changed) if isinstance(changed, list | tuple) else ()


def recipe_labels(identities: Iterable[RunIdentity]) -> dict[RunIdentity, str]:
    """Return a label for each recipe: name and changes, with the digest if two would look alike."""
    identities = list(dict.fromkeys(identities))
    digests = {(one.recipe, one.recipe_digest) for one in identities}
    named = Counter(label for label, _ in digests)
    return {
        one: one.recipe if named[one.recipe] == 1 else f"{one.recipe} {one.recipe_digest[:DIGITS]}"
        for one in identities
    }
