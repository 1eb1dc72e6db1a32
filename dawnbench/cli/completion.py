"""The verb `dawnbench completion`."""

from __future__ import annotations

import click

from dawnbench.cli.group import main


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash, add `eval "$(dawnbench completion bash)"` to ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(main, {}, "dawnbench", "_DAWNBENCH_COMPLETE").source())
