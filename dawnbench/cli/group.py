"""The `dawnbench` command itself, which loads a verb's file when the verb is called."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from io import TextIOWrapper
from typing import Any

import click

from dawnbench.cli.exit_codes import CRASHED, EXPLAINED, INTERRUPTED, NOT_MEASURED
from dawnbench.cli.streams import open_missing_streams
from dawnbench.engine.launched import launched
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line
from dawnbench.version import __version__


class Failure(click.ClickException):
    """Prints `dawnbench: ` and the message, and exits with status 2."""

    exit_code = NOT_MEASURED

    def show(self, file: Any = None) -> None:
        """Print to standard error."""
        click.echo(f"dawnbench: {one_line(self.format_message())}", file=file or sys.stderr)


class Crash(Failure):
    """Exits with its own code, since 1 means a regression."""

    exit_code = CRASHED


VERBS = (
    *("ab", "baseline", "campaign", "compare", "completion", "doctor", "evaluate", "export", "infer", "list"),
    *("log", "peaks", "profile", "prune", "regress", "report", "resume", "run", "runs", "scale", "show"),
    *("site", "slim", "watch"),
)
"""Each is in the file of the same name; `list` is in `list_`, so as not to shadow the builtin."""


TOGETHER = ("run", "resume")
"""The verbs that torchrun may start in several processes."""


class Commands(click.Group):
    """Loads verbs on demand and turns errors into messages."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the verbs."""
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a verb; importing its file adds it to this group."""
        if name in VERBS and name not in self.commands:
            importlib.import_module(f"dawnbench.cli.{'list_' if name == 'list' else name}")
        return super().get_command(context, name)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb; `run` and `resume` are the only ones that several processes take part in.

        Raises:
            DawnbenchError: torchrun started another one.
        """
        name, command, rest = super().resolve_command(context, args)
        place = launched()
        if place.size > 1 and name not in TOGETHER:
            if place.rank:
                sys.exit(NOT_MEASURED)
            raise DawnbenchError(
                "only `dawnbench run` and `resume` train one trial in several processes; start "
                f"`dawnbench {name}` without torchrun"
            )
        return name, command, rest

    def invoke(self, context: click.Context) -> Any:
        """Run the verb."""
        open_missing_streams()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a name may hold letters that the terminal cannot show
        try:
            return super().invoke(context)
        except BrokenPipeError:
            raise  # nobody reads the output any more, and click ends silently
        except (DawnbenchError, OSError) as error:
            raise Failure(sentence(error)) from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except click.BadParameter as error:
            if isinstance(error, click.MissingParameter):
                raise  # click shows the usage, which says what there is to give
            raise Failure(error.format_message()) from error
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise  # click handles these itself
        except Exception as error:
            raise Crash(crashed(error)) from error


class Judging(click.Command):
    """Ends with a closing line even if its options are wrong."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Parse the options."""
        as_json = "--json" in args
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except click.UsageError as error:
            if error.ctx is not None:
                click.echo(error.ctx.get_usage(), err=True)
            click.echo(not_comparable(error.format_message()), err=as_json)
            sys.exit(NOT_MEASURED)


def not_comparable(why: str) -> str:
    """Return the closing line of `regress` if nothing could be judged."""
    return f"regress: not comparable ({one_line(why)})"


def sentence(error: DawnbenchError | OSError) -> str:
    """Return the message to print for an error."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def crashed(error: Exception) -> str:
    """Write the traceback of an unexpected error to a file, and return the message that names the file."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    start = f"unexpected error ({one_line(what)[:300]})"
    try:
        # Readable only by the user: a traceback may hold private paths and values.
        handle, path = tempfile.mkstemp(prefix="dawnbench-", suffix="-traceback.txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except OSError as unwritten:
        return f"{start}; its traceback could not be saved ({unwritten.strerror})"
    return f"{start}; please report it with the traceback in {path}"


@click.group(
    cls=Commands,
    epilog=EXPLAINED,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", message="dawnbench %(version)s")
def main() -> None:
    """Train a model to a target accuracy, time it, and write the table."""
