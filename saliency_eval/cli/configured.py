"""Commands whose options come from flags, the environment and files, and `--show-config`, which says from where."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated, Any

import typer

from saliency_eval.cli.config import File, load
from saliency_eval.cli.console import columns, console
from saliency_eval.cli.options import TextOrJson, choice
from saliency_eval.cli.settable import Option, Setting, Settings, converted, leaves, options
from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown

PREFIX = "SALIENCY_EVAL_"
TAKEN = {"data"}  # SALIENCY_EVAL_DATA is the folder in which data sets lie
TOLERANT = {"doctor"}  # tells what is wrong with the files, so it must not fail of it
SHOWN = "saliency_eval.show_config"


class Configuration:
    """The files, read when the first option is looked up: help, completion and wrong flags need none."""

    def __init__(self, group: Any) -> None:
        self.group = group
        self.loaded: tuple[Settings, list[File]] | None = None

    @property
    def files(self) -> list[File]:
        """The files that exist, with their problems."""
        return self.load()[1]

    def load(self) -> tuple[Settings, list[File]]:
        """Values and files, read once."""
        self.loaded = self.loaded or load(self.group)
        return self.loaded

    def of(self, words: str) -> dict[str, Setting]:
        """What the files set for a command; raises all problems of all files, whatever command they are about."""
        settings, files = self.load()
        problems = [problem for file in files for problem in file.problems]
        if problems and words not in TOLERANT:
            raise SaliencyEvalError(problems)
        return {} if problems else settings.get(words, {})


class Configured(typer.Context):
    """The context of a command; its `obj` is the configuration."""

    def words(self) -> str:
        """The command without the name of the program."""
        return self.command_path.removeprefix(self.find_root().command_path).strip()

    @functools.cached_property
    def found(self) -> dict[str, Setting]:
        """Values that are no flags, by name of the parameter: the environment goes before the files."""
        known = options(self.command).values()
        given = {o.parameter.name: s for o in known if (s := from_environment(o, self.command))}
        return {**self.obj.of(self.words()), **given}

    def lookup_default(self, name: str, call: bool = True) -> Any:
        """The value of an option for which there is no flag."""
        own = any(o.parameter.name == name for o in options(self.command).values())
        found = self.found.get(name) if own and not self.resilient_parsing else None
        return super().lookup_default(name, call) if found is None else found.value  # type: ignore[call-overload]

    def invoke(self, callback: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Run the command with all its values, or show them."""
        used = {o.key: self.origin(o) for o in options(self.command).values()}
        if SHOWN in self.meta:
            return show(self, used)
        tell(self, used)
        try:
            return super().invoke(callback, *args, **kwargs)
        except SaliencyEvalError as error:
            raise SaliencyEvalError([placed(p, used) for p in error.problems]) from error

    def origin(self, option: Option) -> Setting:
        """The value of an option and where it is from."""
        name, found = option.parameter.name, self.found.get(option.parameter.name)
        if getattr(self.get_parameter_source(name), "name", "") == "COMMANDLINE":
            return Setting(self.params[name], "flag", "")
        return found._replace(value=self.params[name]) if found else Setting(self.params[name], "default", "")


def from_environment(option: Option, command: Any) -> Setting | None:
    """The value of an environment variable, checked as the flag would be; an empty one counts as absent."""
    name = PREFIX + option.key.upper()
    text = os.environ.get(name)
    if not text or option.key in TAKEN:
        return None
    value = [text] if option.many else text
    if wrong := converted(option, value, command):
        fail("usage", f"environment variable {name} {wrong}", "correct or unset it")
    return Setting(value, "environment", name)


def tell(context: Configured, used: dict[str, Setting]) -> None:
    """Say which options a file of the working folder sets: nobody may have typed them."""
    quiet = used.get("quiet")
    theirs = {file.where for file in context.obj.files if not file.own}
    for where in sorted(theirs):
        keys = [key for key, setting in used.items() if setting.where == where]
        if keys and not (quiet and quiet.value and quiet.where not in theirs):
            console.line(f"note: {', '.join(keys)} from {where}")


def placed(problem: Problem, used: dict[str, Setting]) -> Problem:
    """A wrong option, with the place where it was set."""
    if problem.code != "usage":
        return problem
    quoted: list[str] = re.findall(r"'([^']+)'", problem.message)
    places = [
        f"{key} in {setting.where}" if setting.origin == "file" else f"environment {setting.where}"
        for key, setting in used.items()
        if setting.where
        and (re.search(rf"--{key.replace('_', '-')}\b", problem.message)
             or any(q in str(setting.value) for q in quoted))
    ]  # fmt: skip
    return replace(problem, message=f"{problem.message} ({'; '.join(places)})") if places else problem


def show(context: Configured, used: dict[str, Setting]) -> None:
    """Every option, its value and its origin."""
    format = used["format"].value if "format" in used else "text"
    console.begin(context.words(), choice("--format", format, TextOrJson))
    plain = {key: s.value if isinstance(s.value, bool | int | float | list | tuple | None) else str(s.value)
             for key, s in used.items()}  # fmt: skip
    if format == "json":
        rows = [{"option": key, "value": plain[key], "origin": s.origin, "where": s.where or None}
                for key, s in used.items()]  # fmt: skip
        console.document(0, results=rows)
        return
    table = [[key, shown(json.dumps(plain[key], ensure_ascii=False), 500), shown(s.where, 500) or s.origin]
             for key, s in used.items()]  # fmt: skip
    for text in columns([["option", "value", "origin"], *table]):
        console.print(text)


def states(files: Iterable[File]) -> dict[str, str]:
    """The files of options that there are, and what is wrong with them."""
    return {f"options in {shown(f.where, 500)}": "; ".join(map(str, f.problems)) or "fine" for f in files}


def wanted(context: typer.Context, value: bool) -> None:
    """Note that the values are to be shown: then none is required."""
    if value:
        context.meta[SHOWN] = True
        for parameter in context.command.params:
            parameter.required = False


def switch() -> Any:
    """The option `--show-config` for every command."""
    sample = typer.Typer(add_completion=False)

    @sample.command()
    def command(
        show_config: Annotated[bool, typer.Option(
            "--show-config", is_eager=True, expose_value=False, callback=wanted,
            help="Show every option, its value and where it is from; do nothing.")] = False,
    ) -> None: ...  # fmt: skip

    return typer.main.get_command(sample).params[0]


def configured(app: typer.Typer) -> Callable[..., Any]:
    """The command line of an app, its options set by flags, environment and files; raises what is wrong there."""
    group: Any = typer.main.get_command(app)
    for _, command in leaves(group):
        command.context_class = Configured
        command.params.append(switch())
    configuration = Configuration(group)
    return lambda: group(standalone_mode=False, obj=configuration)
