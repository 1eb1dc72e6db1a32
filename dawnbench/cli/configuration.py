"""The user's configuration file: prices of machines and electricity, its emissions, and who the author is.

`config.toml` in the user's configuration folder for dawnbench (on Linux ~/.config/dawnbench):

    [cost]                  # dollars per hour of one device, by its name in the run folder, or by pattern
    "NVIDIA H200" = 3.5
    "*A100*" = 1.2

    [energy]
    price_per_kwh = 0.30    # dollars
    grams_per_kwh = 380     # of CO2 equivalent

    [author]                # for entries that `dawnbench export` writes
    name = "Ada Lovelace"
    email = "ada@example.org"
    code_url = "https://example.org/code"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes
from dawnbench.records.prices import NO_PRICES, Prices, checked_price
from dawnbench.stats.price_list import PriceList
from dawnbench.user_folders import configuration_folder

TABLES = ("cost", "energy", "author")
ENERGY_KEYS = ("price_per_kwh", "grams_per_kwh")
AUTHOR_KEYS = ("name", "email", "code_url")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says; empty if there is none."""

    path: Path
    cost: Mapping[str, float]
    """Dollars per hour of one device, by its name or a pattern."""
    energy: Mapping[str, float]
    """`price_per_kwh` in dollars and `grams_per_kwh`, if given."""
    author: Mapping[str, str] = field(default_factory=dict)
    """`name`, `email` and `code_url`, if given."""


def configuration_path() -> Path | None:
    """Return the path of the configuration file; None if the user has no home folder."""
    folder = configuration_folder()
    return None if folder is None else folder / "config.toml"


def price_list(given: Prices = NO_PRICES) -> PriceList:
    """Return the prices given with a command and those of the configuration file.

    Raises:
        DawnbenchError: the file is broken, or has an unknown key or a wrong type.
    """
    found = read_configuration(configuration_path())
    energy = Prices(None, found.energy.get("price_per_kwh"), found.energy.get("grams_per_kwh"))
    return PriceList(given, found.cost, energy, found.path)


def read_configuration(path: Path | None) -> Configuration:
    """Read a configuration file; a missing one, or no path, gives an empty configuration.

    Raises:
        DawnbenchError: it cannot be read, is not TOML, or has an unknown key or a wrong type.
    """
    if path is None:
        return Configuration(Path(), {}, {})
    try:
        content = tomllib.loads(read_bytes(path, DOCUMENT_LIMIT).decode("utf-8"))
    except FileNotFoundError:
        return Configuration(path, {}, {})
    except OSError as error:
        raise DawnbenchError(f"cannot read the configuration {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DawnbenchError(f"the configuration {path} is not TOML: {error}") from error
    _check_keys(path, content, TABLES, "table")
    cost, energy, author = (_table(path, name, content.get(name, {})) for name in TABLES)
    _check_keys(path, energy, ENERGY_KEYS, "key in [energy]")
    _check_keys(path, author, AUTHOR_KEYS, "key in [author]")
    return Configuration(
        path, _prices(path, "cost", cost), _prices(path, "energy", energy), _texts(path, author)
    )


def _table(path: Path, name: str, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise DawnbenchError(f"{path}: {name} is {table!r}; write a table, [{name}] on a line of its own")
    return table


def _prices(path: Path, name: str, table: Mapping[str, Any]) -> dict[str, float]:
    return {key: checked_price(value, f'{path}: "{key}" under [{name}]') for key, value in table.items()}


def _texts(path: Path, author: Mapping[str, Any]) -> dict[str, str]:
    for key, value in author.items():
        if not isinstance(value, str):
            raise DawnbenchError(f'{path}: "{key}" under [author] is {value!r}; write it in quotes')
    return dict(author)


def _check_keys(path: Path, found: Iterable[str], known: tuple[str, ...], kind: str) -> None:
    for key in found:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
            raise DawnbenchError(f'{path}: unknown {kind} "{key}"; did you mean {nearest}?')
