"""What does the organisation's file say, laid over the default SOP? Decoding only; `check` proves the result sound.

No I/O but `load_file`'s, which reads the one file it is given. Every fault is raised as InvalidSop.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tocsin.errors import InvalidSop
from tocsin.sop.decode import Place, decode
from tocsin.sop.model import Sop

LARGEST_MIB = 4
_ORGANISATION = ("people", "teams", "services", "targets")
_NEEDED = ("people", "teams", "services")
_TOML_FAULT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def load_text(text: str, name: str) -> Sop:
    """The SOP that a file's `text` means; InvalidSop lists all its faults, each line beginning with `name`.

    The procedure's tables are laid over the default's key by key, arrays replaced whole. The sample organisation
    stands only as long as the file names none of people, teams, services and targets.
    """
    own = _parsed(text.removeprefix("\ufeff"), name)
    file = Place()
    sop: Sop = decode(_laid_over_default(own, file), Sop, file)
    if file.faults:
        raise InvalidSop(name, tuple(file.faults))
    return sop


def load_file(path: Path) -> Sop:
    """The SOP of the file at `path`, UTF-8 and at most LARGEST_MIB; InvalidSop says why it can't be used."""
    return load_text(_text_of(path), str(path))


def default_text() -> str:
    """The default SOP file, comments included: what `tocsin init` writes."""
    return files("tocsin.sop").joinpath("default.toml").read_text(encoding="utf-8")


@cache
def default_sop() -> Sop:
    """The SOP of an organisation that has written no file."""
    return load_text("", "default.toml")


@cache
def _default_tables() -> dict[str, Any]:
    return _parsed(default_text(), "default.toml")


def _text_of(path: Path) -> str:
    try:
        fault = _why_not_read(path)
        if fault is None:
            return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        fault = "there is no such file; `tocsin init` writes one"
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8 at byte {error.start + 1}; save it as UTF-8"
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        fault = f"can't be read: {reason.lower()}"
    raise InvalidSop(str(path), (fault,))


def _why_not_read(path: Path) -> str | None:
    size = path.stat().st_size
    if not path.is_file():
        return "is not a file; name the SOP file itself"
    if size > LARGEST_MIB * 1024**2:
        return f"is larger than {LARGEST_MIB} MiB; is it the SOP file?"
    return None


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        fault = "is nested too deeply; no key of the SOP needs more than five levels"
    except tomllib.TOMLDecodeError as error:
        fault = _syntax_fault(str(error))
    except ValueError:  # Python's own bound on the digits of a number
        fault = "has a number of thousands of digits; no key of the SOP needs it"
    raise InvalidSop(name, (fault,))


def _syntax_fault(message: str) -> str:
    match = _TOML_FAULT.fullmatch(message)
    what, line, column = match.groups() if match else (message, None, None)
    place = f"line {line}, column {column}" if line else "its end"
    return (
        f"{place}: is not TOML: {what[:1].lower()}{what[1:]}; "
        'texts and durations stand in quotes ("15m"), times have seconds (10:00:00)'
    )


def _laid_over_default(own: dict[str, Any], file: Place) -> dict[str, Any]:
    default = _default_tables()
    if not any(table in own for table in _ORGANISATION):
        return _laid_over(default, own)
    procedure = {key: value for key, value in default.items() if key not in _ORGANISATION}
    absent = [table for table in _NEEDED if table not in own]
    for table in absent:
        file.key(table).fault(
            f"is missing; a file that names any of {', '.join(_ORGANISATION)} replaces the whole sample organisation"
        )
    return _laid_over(procedure, own) | {table: {} for table in absent}


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both tables in one: a key of `above` wins, except that tables on both sides are laid over each other."""
    merged = below | above
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            merged[key] = _laid_over(below[key], above[key])
    return merged
