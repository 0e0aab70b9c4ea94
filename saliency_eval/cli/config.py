"""Options from files: what each file sets, and everything that is wrong with it, all at once.

An option of a command is a key of the table of that command, so a new option needs nothing here. A file of the
working folder may have come with a stranger's archive: it may not say that something is written outside of it, nor
whose answers are trusted.
"""

from __future__ import annotations

import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from saliency_eval.cli.settable import (
    EXPECTED,
    TEXT,
    Option,
    Setting,
    Settings,
    converted,
    fits,
    leaves,
    options,
    text_of,
)
from saliency_eval.errors import ENVIRONMENT, USAGE, Problem, SaliencyEvalError, nearest, shown

FILE = "saliency-eval.toml"
MOST_BYTES = 2**20
MOST_DOTS = 200  # on a line: the time for a dotted key grows with the square of its parts
ONLY_READ = {"root"}  # options that name a place where nothing is written, but for the commands below
FILLED = {"data fetch"}
TRUSTED = {"executor"}  # what a scheduler answers is unpickled


def sources() -> list[File]:
    """The files that exist, the one that wins last."""
    home = Path(os.path.expanduser(os.environ.get("XDG_CONFIG_HOME") or "~/.config"), "saliency-eval", FILE)
    own = [File(home, str(home), own=True)] if home.is_absolute() else []
    project = File(Path("pyproject.toml"), "pyproject.toml", "tool.saliency-eval.")
    return [file for file in (*own, project, File(Path(FILE), FILE)) if os.path.lexists(file.path)]


def load(group: Any) -> tuple[Settings, list[File]]:
    """What the files set for all commands, and the files with their problems."""
    settings: Settings = {}
    files = sources()
    for file in files:
        for command, values in file.settings(group).items():
            settings.setdefault(command, {}).update(values)
    return settings, files


@dataclass
class File:
    """A file of options, and what was found wrong in it."""

    path: Path
    where: str
    above: str = ""
    own: bool = False  # in the folder of the user
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, what: str, remedy: str = "", code: str = "usage", exit: int = USAGE) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, f"{shown(self.where, 500)}{what}", remedy, file=self.where,
                                     severity_override="error", exit_override=exit))  # fmt: skip

    def settings(self, group: Any) -> Settings:
        """The values that are right, by command."""
        found: Settings = {}
        self.read_group(self.tables(), group, "", found)
        return found

    def tables(self) -> Mapping[str, Any]:
        """The tables of the commands, as written."""
        data = self.content()
        if self.above and b"saliency-eval" not in data:  # a project file that is about something else
            return {}
        table: Any = self.parse(data)
        for name in self.above.split(".")[:-1]:
            table = table.get(name, {})
            if not isinstance(table, dict):
                what = f": '{name}' must be a table, got {text_of(table)}"
                self.wrong(what, "write [tool.saliency-eval.score]")
                return {}
        return typing.cast(Mapping[str, Any], table)

    def content(self) -> bytes:
        """The content; nothing for what is no file, too large or closed to the user."""
        from saliency_eval.datasets.files import read_file

        try:
            return read_file(self.path, MOST_BYTES)
        except SaliencyEvalError as error:
            what = error.problems[0].message.removeprefix(self.path.name)
            closed = isinstance(error.__context__, PermissionError)
            code, status = ("io", ENVIRONMENT) if closed else ("usage", USAGE)
            self.wrong(what, "correct or remove it", code, status)
            return b""

    def parse(self, data: bytes) -> dict[str, Any]:
        """The document; nothing where it is not TOML."""
        try:
            text = data.decode("utf-8-sig")
            if max(line.count(".") for line in text.split("\n")) > MOST_DOTS:
                self.wrong(f": a line must have at most {MOST_DOTS} dots", "break it into several")
                return {}
            return tomllib.loads(text)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self.wrong(f" line {line}: must be UTF-8, got byte 0x{data[error.start]:02x}", "save it as UTF-8")
        except (ValueError, RecursionError) as error:
            what, _, place = str(error).partition(" (at ")
            named = re.match(r"line (\d+)", place)
            line = int(named[1]) if named else data.rstrip().count(b"\n") + 1
            self.wrong(f" line {line}: is not TOML: {shown(what, 200)}", "see toml.io for the syntax")
        return {}

    def read_group(self, table: Mapping[str, Any], group: Any, above: str, found: Settings) -> None:
        """The tables of the commands of a group."""
        for name, value in table.items():
            command, words = group.commands.get(name), f"{above}{name}"
            if command is None:
                self.unknown_table(name, value, group, above)
            elif not isinstance(value, dict):
                self.wrong(f": {self.title(words)} must be a table, got {text_of(value)}",
                           "put options below the table of a command, such as [score]")  # fmt: skip
            elif hasattr(command, "commands"):
                self.read_group(value, command, f"{words} ", found)
            else:
                found[words] = self.read_command(value, command, words)

    def unknown_table(self, name: str, value: Any, group: Any, above: str) -> None:
        """Say which table or key was meant."""
        if isinstance(value, dict):
            self.wrong(f": unknown table {self.title(above + name)}", nearest(name, group.commands))
            return
        keys = {key for _, command in leaves(group) for key in options(command)}
        meant = "" if name.replace("-", "_") in keys else nearest(name, keys) + " "
        remedy = f"{meant}Options stand below the table of a command, such as [score]"
        self.wrong(f": unknown key '{shown(name)}' outside of a table", remedy)

    def read_command(self, table: Mapping[str, Any], command: Any, words: str) -> dict[str, Setting]:
        """The values of one command, by name of the parameter."""
        known, found = options(command), dict[str, Setting]()
        for name, value in table.items():
            option = known.get(name.replace("-", "_"))
            if option is None:
                self.wrong(f": unknown key '{shown(name)}' in {self.title(words)}", nearest(name, known))
            elif option.parameter.name in found:
                self.wrong(f": '{option.key}' is twice in {self.title(words)}", "leave one of them out")
            elif wrong := self.refused(option, value, command, words):
                self.wrong(f": {shown(name)} in {self.title(words)} {wrong}", "correct or remove it")
            else:
                value = os.path.expanduser(value) if option.base is Path else value
                value = [value] if option.many and not isinstance(value, list) else value
                found[option.parameter.name] = Setting(value, "file", self.where)
        return found

    def refused(self, option: Option, value: Any, command: Any, words: str) -> str:
        """Why a value cannot be, as the end of a sentence."""
        values = value if option.many and isinstance(value, list) else [value]
        for v in values:
            if not fits(option.base, v):
                several = " or a list of it" if option.many else ""
                return f"must be {EXPECTED.get(option.base, TEXT)}{several}, got {text_of(v)}"
        if option.key in TRUSTED and not self.own:
            return (f"names what can run code here, got {text_of(value)}: only a flag, the environment or your own "
                    "configuration folder may do that")  # fmt: skip
        writes = option.base is Path and (option.key not in ONLY_READ or words in FILLED)
        if writes and not self.own and not inside(value):
            return (f"must lie in the working folder, got {text_of(value)}: only a flag, the environment or your "
                    "own configuration folder name another place to write to")  # fmt: skip
        return converted(option, values if option.many else value, command)

    def title(self, words: str) -> str:
        """A table as it is written."""
        return f"[{self.above}{shown(words.replace(' ', '.'))}]"


def inside(path: str) -> bool:
    """Is a path in the working folder, links followed?"""
    here = os.path.realpath(".")
    return os.path.commonpath([here, os.path.realpath(os.path.expanduser(path))]) == here
