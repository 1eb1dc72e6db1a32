"""What a campaign searches: the settings of its candidates, and what makes one better than another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le

from dawnbench.records.bounds import MAX_SINGLE, Fraction, Ordinal, Seed, Text

DIGITS = 6
"""Significant digits of a searched number."""

Bound = Annotated[int, Ge(-(2**53)), Le(2**53)] | Annotated[float, Ge(-MAX_SINGLE), Le(MAX_SINGLE)]
Value = int | float | str
"""Of a parameter: a number, or one of its choices as `--set` takes it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that differs between candidates: a range of numbers, or choices."""

    path: Text
    """Of the setting."""
    places: tuple[Ordinal | Annotated[int, Ge(0)], ...] = ()
    """Where in the setting's list the value is, counted from 0; empty if it is the whole setting."""
    low: Bound | None = None
    high: Bound | None = None
    step: Bound | None = None
    log: bool = False
    """Whether each factor, rather than each difference, is equally likely at first."""
    whole: bool = False
    """Whether its numbers are integers."""
    choices: tuple[Text, ...] = ()
    """As `--set` takes them; empty for a range."""

    @property
    def name(self) -> str:
        """The path, with the place in brackets."""
        return self.path + "".join(f"[{place}]" for place in self.places)

    @property
    def bounds(self) -> tuple[int | float, int | float]:
        """The ends of the range of a parameter without choices."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    def written(self, value: Value) -> str:
        """Return a value as `--set` takes it; one between two bounds has six digits."""
        if self.choices:
            return str(value)
        if self.whole:
            return str(int(value))
        low, high = self.bounds
        rounded = float(f"{float(value):.{DIGITS}g}")
        return json.dumps(min(max(rounded, float(low)), float(high)))


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """A search for the candidate that takes the least time to the target and is accurate enough."""

    recipe: Text
    """Its name, or the path of its file within the campaign's folder `recipes`."""
    device: Text
    rule: Text
    """The timing rule of the times."""
    accuracy: Fraction
    """The least mean validation accuracy of a candidate, 0 to 1."""
    candidates: Ordinal
    """How many differing ones to try."""
    seeds: tuple[Seed, ...]
    """Of a candidate's trials, in their order; one that proves hopeless gets fewer."""
    settings: tuple[Text, ...]
    """`path=value` of every candidate; a value that is searched is null."""
    parameters: tuple[Parameter, ...]

    def filled(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """Return the settings of the candidate with these values, by the parameters' names."""
        found = []
        for setting in self.settings:
            path, _, text = setting.partition("=")
            own = [parameter for parameter in self.parameters if parameter.path == path]
            if own and not own[0].places:
                text = own[0].written(values[own[0].name])
            elif own:
                content = json.loads(text)
                for parameter in own:
                    _put(content, parameter.places, json.loads(parameter.written(values[parameter.name])))
                text = json.dumps(content)
            found.append(f"{path}={text}")
        return tuple(found)

    def values(self, settings: Sequence[str]) -> dict[str, Value]:
        """Return the parameters' values in a candidate's settings, by name; `filled` the other way round.

        Raises:
            ValueError: the settings are not a candidate's.
        """
        texts = dict(setting.split("=", 1) for setting in settings)
        found: dict[str, Value] = {}
        try:
            for parameter in self.parameters:
                text = texts[parameter.path]
                value = text if parameter.choices and not parameter.places else json.loads(text)
                for place in parameter.places:
                    value = value[place]
                found[parameter.name] = json.dumps(value) if parameter.choices and parameter.places else value
        except (LookupError, TypeError) as error:
            raise ValueError(f"{' '.join(settings)} lacks {parameter.name}") from error
        return found


def _put(content: Any, places: Sequence[int], value: Any) -> None:
    for place in places[:-1]:
        content = content[place]
    content[places[-1]] = value
