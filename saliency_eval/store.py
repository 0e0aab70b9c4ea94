"""Runs on disk: a folder for each run, written whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import math
import os
import platform
import re
import shutil
import sys
import time
import unicodedata
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saliency_eval.datasets.files import path_of
from saliency_eval.disk import read, sync, write
from saliency_eval.errors import ENVIRONMENT, SaliencyEvalError, fail, shown
from saliency_eval.escape import csv_line
from saliency_eval.run import Run, check_runs
from saliency_eval.versions import versions

SCHEMA = 1
RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10)}


def save_run(run: Run, results: str | os.PathLike[str]) -> Path:
    """Save a run in the folder `results` as the command line does; the folder where it lies, for `load_run`.

    That is `<data set>/<model>-<8 hex>/`. What `score` kept in `results` to go on after an interruption is removed.
    Raises `usage` for what is no run, `incomplete` for one of the first images alone (`limit`), and `io` (exit 5)
    when the folder cannot be written.

    >>> import saliency_eval as se, tempfile
    >>> with tempfile.TemporaryDirectory() as results:
    ...     folder = se.save_run(se.score("model:uniform", "demo", "nss"), results)
    ...     folder.parent.name, se.load_run(folder).n_scored
    ('demo', 8)
    """
    check_runs([run])
    if len(run.ids) < run.data.n:
        text = f"a run must have all {run.data.n} images of its data set to be saved, got {len(run.ids)}"
        fail("incomplete", text, "score it without a limit")
    return save(run, path_of(results, "the folder of results"), log())


def log(seconds: float | None = None) -> str:
    """What is not part of the content of a run: the command, the machine, the time, and how long it took."""
    took = "" if seconds is None else f", {seconds:.1f} s"
    lines = [
        f"command: {' '.join(shown(word, 5000) for word in sys.argv)}",
        f"host: {platform.node()}, python {platform.python_version()}",
        f"finished: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}{took}",
    ]
    return "\n".join(lines) + "\n"


def save(run: Run, results: Path, log: str = "") -> Path:
    """Write a run to `results/<data>/<slug>-<8 hex>/` and return that folder; equal content is left as it is.

    `run.json` and `scores.csv.gz` hold no times and no paths: equal input gives equal bytes. `log.txt` holds
    the rest. Raises `io` (exit 5) when the folder cannot be written; nothing half is left.
    """
    folder = results / run.data.id / folder_name(run)
    scratch = scratch_folder(results, run.data.id, run.model, run.digest)  # none shared with other contents
    files = {"run.json": to_json(run), "scores.csv.gz": scores_csv(run)}
    for tries in (2, 1, 0):  # another process that saves the same run removes the scratch folder of both
        new = scratch / uuid.uuid4().hex
        try:
            if not holds(folder, files):
                put(files | {"log.txt": log.encode("utf-8", "replace")}, new, folder)
            break
        except OSError as error:
            discard(new)
            if not tries and not holds(folder, files):
                fail("io", f"the run could not be saved in {shown(folder)}: {error.strerror}",
                     "free some space, or choose another --out", exit=ENVIRONMENT)  # fmt: skip
    shutil.rmtree(scratch, ignore_errors=True)
    forget(run)
    return folder


def forget(run: Run) -> None:
    """Remove what was kept for a run while it was scored."""
    if run.journal:
        run.journal.discard()


def discard(new: Path) -> None:
    """Remove a folder that was not finished, and the one around it if nothing else is there."""
    shutil.rmtree(new, ignore_errors=True)
    with contextlib.suppress(OSError):
        new.parent.rmdir()


def scratch_folder(results: Path, data: str, model: str, hash: str) -> Path:
    """Where everything lies that is not finished: hidden beside the run, removed with the last of it."""
    return results / data / f".{slug(model)}-{hash[:8]}.tmp"


def holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Does the folder hold these files with these contents? Others may have put anything in their place."""
    try:
        return all(read(folder / name, len(data), follow=False) == data for name, data in files.items())
    except (OSError, SaliencyEvalError):
        return False


def put(files: Mapping[str, bytes], new: Path, folder: Path) -> None:
    """Write files to a new folder and rename it into place; an older one of the same name steps aside first.

    Raises OSError, also when another process has put the same files there meanwhile.
    """
    if new.parent.is_symlink() or new.parent.is_file():
        new.parent.unlink()
    new.mkdir(parents=True)
    for name, data in files.items():
        write(new / name, data)
    try:
        os.rename(new, folder)  # refused where there is a folder that is not empty
    except OSError:
        if not folder.is_dir() or holds(folder, {n: d for n, d in files.items() if n != "log.txt"}):
            raise
        os.replace(folder, new.with_suffix(".old"))
        os.replace(new, folder)
    sync(folder.parent)


def folder_name(run: Run) -> str:
    """The name of the folder of a run: readable, and another one for another model, content or setting."""
    return f"{slug(run.model)}-{run.digest}"


def slug(name: str) -> str:
    """A file name made from a display name; names that leave nothing readable become a hash.

    >>> slug("My Model (v2)")
    'my-model-v2'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-.")[:60].rstrip("-.")
    if text and text.split(".")[0] not in RESERVED:
        return text
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def scores_csv(run: Run) -> bytes:
    """Per-image values in gzip without a time."""
    return gzip.compress(scores_text(run), mtime=0)


def scores_text(run: Run) -> bytes:
    """Per-image values, sorted by image, 17 significant digits."""
    lines = [csv_line(["image", *run.labels])]
    for row in sorted(range(len(run.ids)), key=lambda i: run.ids[i]):
        values = ["" if math.isnan(v) else f"{v:.17g}" for v in run.values[row]]
        lines.append(csv_line([run.ids[row], *values]))
    return "".join(lines).encode("utf-8", "surrogateescape")


def document_of(run: Run) -> bytes:
    """The document of a run: that of its file, where it was read from one."""
    return run.document or to_json(run)


def hashes(run: Run) -> dict[str, str]:
    """What the two files of a run hold, whatever library compressed them."""
    parts = {"scores_sha256": scores_text(run), "run_sha256": document_of(run)}
    return {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}


def to_json(run: Run) -> bytes:
    """The run as strict JSON."""
    return (json.dumps(describe(run), indent=1, allow_nan=False, sort_keys=True) + "\n").encode()


def describe(run: Run) -> dict[str, Any]:
    """Everything in `run.json`."""
    return {
        "schema": SCHEMA,
        "model": run.model,
        "source": run.source,
        "slug": slug(run.model),
        "data": run.data._asdict(),
        "setting": run.setting._asdict(),
        "n_images": run.n_scored,
        "unscored": [id for id, out in zip(run.ids, run.unscored, strict=True) if out],
        "complete": run.complete,
        "metrics": {label: mean_of(run, label) for label in run.labels},
        "signatures": dict(run.signatures),
        "predictions_sha256": run.predictions_sha256,
        "problems": [p.to_dict() for p in run.problems],
        "draws": {label: dict(drawn) for label, drawn in run.draws.items()},
        "counts": {label: dict(own) for label, own in run.counts.items() if own},
        "facts": {label: dict(own) for label, own in run.facts.items() if own},
        "versions": scored_by(run),
    }


def scored_by(run: Run) -> dict[str, str]:
    """The versions that computed a run: of one that was read from a file, those that it tells."""
    if run.document:
        return dict(json.loads(run.document)["versions"])
    return versions() | {"saliency_eval": run.version}


def mean_of(run: Run, label: str) -> dict[str, Any]:
    """One metric as JSON: null with a reason where there is no mean."""
    interval, reason = run.means[label], run.reason(label)
    if reason is not None:
        return {"mean": None, "lo": None, "hi": None, "n": interval.n, "reason": reason}
    drawn = {"drawn_error": run.drawn_errors[label]} if label in run.drawn_errors else {}
    return {"mean": interval.mean, "lo": interval.low, "hi": interval.high, "n": interval.n, **drawn}
