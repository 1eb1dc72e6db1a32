"""The verb `dawnbench completion`."""

from __future__ import annotations

import click

from dawnbench.cli.group import main

NO_SPACE = """    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi

    return 0
"""
"""For bash: KEY= of `--set` is followed by its value, without a space between them."""


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash, add `eval "$(dawnbench completion bash)"` to ~/.bashrc.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        script = kind(main, {}, "dawnbench", "_DAWNBENCH_COMPLETE").source()
        click.echo(script.replace("    return 0\n", NO_SPACE) if shell == "bash" else script)
