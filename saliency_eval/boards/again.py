"""What scores other maps as a run was scored, for the command line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from saliency_eval.boards.alike import group
from saliency_eval.datasets import ADAPTERS
from saliency_eval.errors import SaliencyEvalError, shown
from saliency_eval.options import show
from saliency_eval.protocols import protocol
from saliency_eval.run import Run
from saliency_eval.variant import parse


def command(predictions: Sequence[str], run: Run) -> str:
    """The whole line that scores predictions as a run was scored; an own folder is named by its id."""
    setting, data = run.setting, run.data
    options = {
        "data": data.tag.rpartition("#")[0] if data.id in ADAPTERS else data.id,
        "protocol": setting.protocol,
        "metrics": metrics(run),
        "kind": setting.kind if setting.kind != "map" else "",
        "subset": setting.subset if setting.subset != "all" else "",
    }
    words = [word for name, value in options.items() if value for word in (f"--{name}", shown(value, 1000))]
    line = shlex.join(["saliency-eval", "score", *predictions, *words])
    return line + " --classifier ..." if setting.classifier else line


def metrics(run: Run) -> str:
    """The metrics of a run as its protocol takes them."""
    return ",".join(asked(label, line, run.setting.protocol) for label, line in run.signatures.items())


def asked(label: str, line: str, name: str) -> str:
    """A metric as one asks for it under a protocol: with the options that are others there; as it is if unknown.

    >>> asked("nss", "nss|protocol:mit|ddof:0|duplicates:unique|constant:chance|n:700", "mit")
    'nss(ddof=0)'
    """
    try:
        wanted = parse(line)
        [plain] = protocol(name).variants([wanted.key])
    except SaliencyEvalError:  # of another version
        return label
    known = dict(plain.options)
    options = [f"{option}={show(value)}" for option, value in wanted.options if value != known[option]]
    return f"{wanted.key}({','.join(options)})" if options else wanted.key


def remedy(run: Run, other: Run) -> str:
    """What would let a run stand beside another one: the metrics of that, where nothing else differs."""
    shared = set(run.labels) & set(other.labels)
    if shared and group(run, labels=shared) == group(other, labels=shared):
        return f"score it with --metrics {shlex.quote(shown(metrics(other), 1000))}"
    return "score it with the options of the others"
