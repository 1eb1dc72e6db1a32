"""The options of `--trials auto`: go on until a question is settled."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from dawnbench.cli.parameter_types import SHARE

if TYPE_CHECKING:
    from dawnbench.stats.sequential import AutoTrials

AUTO = "auto"


class Trials(click.ParamType[int | str]):
    """A number of trials from 1, or auto."""

    name = "trials"

    def convert(self, value: Any, parameter: Any, context: Any) -> int | str:
        """Return the number, or "auto"."""
        if value == AUTO:
            return AUTO
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is neither a whole number nor auto.", parameter, context)
        if number < 1:
            self.fail(f"{number} is less than 1; give a number of trials, or auto.", parameter, context)
        return number

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what the help text shows for a value."""
        return "N|auto"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer auto."""
        return [CompletionItem(AUTO)] if AUTO.startswith(incomplete) else []


def trials_options(help_text: str, until_text: str, default: int | None = None) -> Callable[[Any], Any]:
    """Return a decorator that adds --trials and what goes with `--trials auto`.

    The verb gets `trials`, a number (at most, if auto) or None, and `auto`, the rule without a timing rule of
    its own, or None.
    """

    def decorate(verb: Any) -> Any:
        @wraps(verb)
        def with_trials(
            *arguments: Any,
            trials: int | str | None,
            until: float | None,
            max_trials: int | None,
            max_minutes: float | None,
            **options: Any,
        ) -> Any:
            given = {"until": until, "max_trials": max_trials, "max_minutes": max_minutes}
            given = {name: value for name, value in given.items() if value is not None}
            if trials != AUTO:
                if given:
                    option = next(iter(given)).replace("_", "-")
                    raise click.UsageError(f"--{option} goes with --trials auto")
                return verb(*arguments, trials=trials, auto=None, **options)
            auto = _auto(given, options.get("rule"))
            auto.check(auto.question(verb.__name__))
            return verb(*arguments, trials=auto.max_trials, auto=auto, **options)

        decorated: Any = with_trials
        for option in (
            click.option("--max-minutes", type=float, help="With auto: no trial begins after this."),
            click.option("--max-trials", type=int, help="With auto: the most trials.  [default: 40]"),
            click.option("--until", type=SHARE, metavar="SHARE", help=until_text),
            click.option("--trials", type=Trials(), default=default, show_default=True, help=help_text),
        ):
            decorated = option(decorated)
        return decorated

    return decorate


def _auto(given: dict[str, Any], rule: str | None) -> AutoTrials:
    from dawnbench.stats.sequential import AutoTrials

    return AutoTrials(**given) if rule is None else AutoTrials(**given, rule=rule)
