"""The table of parts: a kind's name, its settings, and where its implementation lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, ClassVar

Implementation = Callable[..., Any]
ADDED_LATER: dict[str, Any] = {"added_later": True}
"""Metadata of a field that older runs and baselines do not know: left out of JSON while it holds its default,
so that their recipes and digests stay equal to today's."""


@dataclass(frozen=True)
class Part:
    """Base of the settings of one exchangeable part of a recipe; subclass the one of its role."""


@dataclass(frozen=True)
class ModelPart(Part):
    """A network. Its implementation gets `channels` and `classes` besides its settings."""


@dataclass(frozen=True)
class OptimizerPart(Part):
    """An optimizer. Its implementation gets the model first, and `batch_size` and `fused`."""

    takes_momentum: ClassVar[bool] = False
    """Whether a schedule may set the momentum: each group then has `betas`."""


@dataclass(frozen=True)
class SchedulePart(Part):
    """A learning rate: a callable of the time in epochs, with its `length` in epochs."""


@dataclass(frozen=True)
class AugmentationPart(Part):
    """A random change of training images: something with `move` or `change`, and `check`."""


@dataclass(frozen=True)
class AveragePart(Part):
    """An average of the weights. Its implementation gets the model first."""


@dataclass(frozen=True)
class _Entry:
    kind: str
    implementation: Implementation | str


_SPECS: dict[str, type[Part]] = {}
# By class and not by kind: two files of a user may bring two versions of one kind, to be run side by side.
_ENTRIES: dict[type[Part], _Entry] = {}


def register(kind: str, spec: type[Part], implementation: Implementation | str) -> None:
    """Add a kind of part.

    `implementation` is called with the fields of `spec` as keywords, and with what the part's role gives
    besides. As "module:name" it is imported only when it is built. A kind that is registered again means the
    new class from then on; parts of the older one stay what they are.
    """
    _SPECS[kind] = spec
    _ENTRIES[spec] = _Entry(kind, implementation)


def spec_of(kind: str) -> type[Part] | None:
    """Return the settings class of a kind; None where there is no such kind."""
    return _SPECS.get(kind)


def kinds(role: type[Part]) -> list[str]:
    """Return the names of all kinds that can fill a role."""
    return [kind for kind, spec in _SPECS.items() if issubclass(spec, role)]


def kind_of(part: Part) -> str:
    """Return the name under which a part's class is registered.

    Raises:
        LookupError: it is not registered.
    """
    return _entry(part).kind


def build(part: Part, *arguments: Any, **context: Any) -> Any:
    """Return what a part's settings stand for."""
    implementation = _entry(part).implementation
    if isinstance(implementation, str):
        module, name = implementation.split(":")
        implementation = getattr(import_module(module), name)
    return implementation(*arguments, **asdict(part), **context)


def _entry(part: Part) -> _Entry:
    try:
        return _ENTRIES[type(part)]
    except KeyError:
        raise LookupError(
            f"{type(part).__name__} is not registered; call dawnbench.recipes.register for it"
        ) from None
