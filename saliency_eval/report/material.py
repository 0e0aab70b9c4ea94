"""What the pictures of a report are made from: the data set and the predictions of its runs, compared by content.

Runs hold only scores. Whatever is absent is said and left out; whatever is another than what was scored is refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from saliency_eval.boards import Apart
from saliency_eval.datasets import ADAPTERS, load_dataset
from saliency_eval.datasets.base import Dataset
from saliency_eval.errors import REJECTED, SaliencyEvalError, fail, shown, unknown
from saliency_eval.predictions.base import Predictions
from saliency_eval.protocols import PROTOCOLS, subject_under
from saliency_eval.run import Run
from saliency_eval.saved.finished import same_maps
from saliency_eval.scoring import load, open_any
from saliency_eval.store import folder_name

Sources = Mapping[str, Any] | Sequence[Any]


class Material(NamedTuple):
    """The data set, the predictions by the name of the folder of a run, and sentences about what is missing."""

    data: Dataset | None
    predictions: Mapping[str, Predictions]
    missing: tuple[str, ...]


def gather(
    runs: Sequence[Run],
    data: str | Dataset | None = None,
    sources: Sources = (),
    root: str | Path | None = None,
    apart: Sequence[Apart] = (),
    **naming: Any,
) -> Material:
    """The data set of runs and what they scored; `sources` by model, or one for each in the order of the runs.

    A model that was run on the spot is run again; where that gives other maps, in another version, they are missing.
    Raises `checksum` for other data (exit 4) and other predictions (exit 3) than those that were scored, `usage` for
    sources of no run, or of one that stands `apart`, and whatever reading them raises.
    """
    given = assigned(runs, sources, apart)
    try:
        found = data_of(runs[0], data, root)
    except SaliencyEvalError as error:
        if data is not None:
            raise
        what = subject_under(runs[0].setting.protocol)
        text = f"There are no stimuli, {what} and maps: {error.problems[0].message}."
        return Material(None, {}, (f"{text} Name the data set with --data{folder_of(runs[0], root)}.",))
    predictions, missing = dict[str, Predictions](), list[str]()
    for run in runs:
        name, own, seen = shown(run.model), folder_name(run), framed(run, found)
        if own in given:
            predictions[own] = predictions_of(run, given[own], seen, naming)
        elif run.source:
            try:
                predictions[own] = predictions_of(run, f"model:{run.source}", seen, {})
            except SaliencyEvalError as error:
                why = error.problems[0].message
                missing.append(
                    f"There are no maps of {name}: run again, it does not give what was scored ({why})"
                    f"{by_file(run)}."
                )
        else:
            missing.append(
                f"There are no maps of {name}: its predictions were not named (--pred '{name}=FOLDER')."
            )
    return Material(found, predictions, tuple(missing))


def folder_of(run: Run, root: str | Path | None) -> str:
    """The folder of an own data set as `--data` takes it, where it lies at the root; else nothing."""
    if run.data.id in ADAPTERS or root is None:
        return ""
    below = Path(root, run.data.id)
    return " " + shlex.quote(shown(below if below.is_dir() else root, 500))


def by_file(run: Run) -> str:
    """How a model of the user is run again, whose file no run names: with the options that its name or source has."""
    own, *options = run.source.split("|")
    factory, hash, _ = own.partition("#")
    if not hash:
        return ""
    given = run.model.removeprefix(own)
    if given == run.model:
        given = f"({','.join(one.replace(':', '=', 1) for one in options)})" if options else ""
    named = shlex.quote(shown(f"{run.model}=model:FILE.py:{factory}{given}", 500))
    return f"; a model of your own is named with its file: --pred {named}"


def data_of(run: Run, data: str | Dataset | None, root: str | Path | None) -> Dataset:
    """The data set that is named, else that of the run, in the frame of its protocol.

    Raises `checksum` (exit 4) when it is another than scored.
    """
    tag = run.data.tag.rpartition("#")[0]
    found = load_dataset(tag, root) if data is None else load(data, root)
    if found.sha256 != run.data.sha256:
        text = f"the data set must be the one that was scored, {shown(run.data.tag)}, got {shown(found.tag)}"
        fail("checksum", text, "name the data set of the runs")
    return framed(run, found)


def framed(run: Run, data: Dataset) -> Dataset:
    """A data set in the frame of the protocol of a run."""
    protocol = PROTOCOLS.get(run.setting.protocol)
    return data.framed(protocol.frame) if protocol else data


def predictions_of(run: Run, source: Any, data: Dataset, naming: Mapping[str, Any]) -> Predictions:
    """Predictions with the content that a run scored; raises `checksum` (exit 3) for any other."""
    resize = run.setting.resize != "error"
    opened = open_any(source, data, name=run.model, kind=run.setting.kind, resize=resize, **naming)
    opened.match(data)
    if same_maps(run, opened, data):
        return opened
    text = f"the predictions in {shown(source, 200)} must be those that {shown(run.model)} was scored with, "
    remedy = "name the folder that was scored, with the same --prefix, --suffix, --pattern and --variable"
    fail("checksum", text + "their content is another", f"{remedy}, or score it anew", exit=REJECTED)


def assigned(runs: Sequence[Run], sources: Sources, apart: Sequence[Apart] = ()) -> dict[str, Any]:
    """Sources by the folder name of their run: named by model or folder (`MODEL=FOLDER`), the rest by order.

    A model that is run on the spot needs none, and is passed over by the order.
    """
    known = [*((run.model, folder_name(run)) for run in runs), *((one.model, one.run) for one in apart)]
    pairs = list(sources.items()) if isinstance(sources, Mapping) else split(known, sources)
    found: dict[str, Any] = {}
    for name, source in pairs:
        if name is not None:
            own = folder_name(named(runs, name, apart))
            if own in found:
                fail("usage", f"predictions of {shown(name)} are named twice", "name them once")
            found[own] = source
    rest = [source for name, source in pairs if name is None]
    open_runs = [folder_name(run) for run in runs if not run.source and folder_name(run) not in found]
    if rest and len(rest) != len(open_runs):
        text = f"{len(open_runs)} runs need predictions, {len(rest)} are given without a model"
        fail("usage", text, "write --pred MODEL=FOLDER, with the model of each")
    return found | dict(zip(open_runs, rest, strict=False))


def split(known: Iterable[tuple[str, str]], sources: Sequence[Any]) -> list[tuple[str | None, Any]]:
    """Model and source of each; what stands before an equals sign is a model unless it is part of an existing path.

    Names of models and of their folders, which are `known`, may hold equals signs themselves.
    """
    found: list[tuple[str | None, Any]] = []
    names = sorted({name for pair in known for name in pair}, key=len, reverse=True)
    for source in sources:
        text = source if isinstance(source, str) else ""
        name = next((one for one in names if text.startswith(f"{one}=")), text.partition("=")[0])
        sign, rest = text[len(name) :][:1], text[len(name) + 1 :]
        is_model = bool(sign) and (
            name in names or not (source.startswith("model:") or Path(source).exists())
        )
        found.append((name, rest) if is_model else (None, source))
    return found


def named(runs: Sequence[Run], name: str, apart: Sequence[Apart] = ()) -> Run:
    """The run of a model, or of the name of a folder; raises `usage` for none, one that stands apart, and several."""
    found = [run for run in runs if name in (run.model, folder_name(run))]
    for one in apart if not found else ():
        if name in (one.model, one.run):
            text = f"pictures are of runs that are ranked together, {shown(name)} stands apart: it {one.why}"
            fail("usage", text, "leave out its --pred, or score it as the others")
    if not found:
        unknown("model of the runs that are ranked together", name, [shown(run.model) for run in runs])
    if len(found) > 1:
        folders = ", ".join(folder_name(run) for run in found)
        fail("usage", f"{shown(name)} is the model of several runs", f"name one by its folder: {folders}")
    return found[0]
