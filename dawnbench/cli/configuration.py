"""The user's configuration file: prices of machines and electricity, its emissions, and who the author is.

`config.toml` in the user's configuration folder for dawnbench (on Linux ~/.config/dawnbench):

    [cost]                  # dollars per hour, by device name as in the run folder, or by shell pattern
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
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes
from dawnbench.stats.cost import Prices, checked_price
from dawnbench.user_folders import configuration_folder

TABLES = ("cost", "energy", "author")
ENERGY_KEYS = ("price_per_kwh", "grams_per_kwh")
AUTHOR_KEYS = ("name", "email", "code_url")
NOT_GIVEN = Prices()


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says; empty if there is none."""

    path: Path
    cost: Mapping[str, float]
    """Dollars per hour by device name or pattern."""
    energy: Mapping[str, float]
    """`price_per_kwh` in dollars and `grams_per_kwh`, if given."""
    author: Mapping[str, str] = field(default_factory=dict)
    """`name`, `email` and `code_url`, if given."""

    def cost_of(self, device_name: str) -> float | None:
        """Return a device's price in dollars per hour, by name, else by pattern; None if nothing matches.

        Raises:
            DawnbenchError: patterns with different prices match.
        """
        if device_name in self.cost:
            return self.cost[device_name]
        fitting = {key: price for key, price in self.cost.items() if fnmatchcase(device_name, key)}
        if len(set(fitting.values())) > 1:
            prices = " and ".join(f'"{pattern}" = {price:g}' for pattern, price in fitting.items())
            raise DawnbenchError(
                f"{self.path}: under [cost], {prices} all match {device_name}; "
                f'add "{device_name}" with its own price'
            )
        return next(iter(fitting.values()), None)


def configuration_path() -> Path | None:
    """Return the path of the configuration file; None if the user has no home folder."""
    folder = configuration_folder()
    return None if folder is None else folder / "config.toml"


def prices_for(device_name: str, given: Prices = NOT_GIVEN) -> Prices:
    """Return the prices given, with the configuration file's prices for those not given.

    Raises:
        DawnbenchError: the file is broken, has an unknown key or a wrong type, or gives two prices for the
            device.
    """
    configuration = read_configuration(configuration_path())
    energy = configuration.energy
    return Prices(
        configuration.cost_of(device_name) if given.cost_per_hour is None else given.cost_per_hour,
        energy.get("price_per_kwh") if given.price_per_kwh is None else given.price_per_kwh,
        energy.get("grams_per_kwh") if given.grams_per_kwh is None else given.grams_per_kwh,
    )


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
