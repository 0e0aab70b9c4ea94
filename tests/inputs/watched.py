"""The command line in a process of its own, with what it cost and which files and processes it touched."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import saliency_eval

WATCH = Path(__file__).parent / "watch"
PACKAGE = Path(saliency_eval.__file__).parent.parent
SYSTEM = ("/proc/", "/sys/", "/dev/null", "/dev/urandom", "/etc/", "/usr/", "/lib")
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"}


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    errors: str
    seconds: float
    cpu: float
    largest: int  # bytes of the largest process of the tree
    events: list[tuple[str, str, bool]]  # what happened, to what, does it write?

    @property
    def peak(self) -> int:
        """Bytes of all processes of the tree, each at its most."""
        return max(self.largest, sum(int(what) * 1024 for event, what, _ in self.events if event == "peak"))

    @property
    def document(self) -> dict[str, Any]:
        """The one strict JSON document of the output."""
        return json.loads(self.out, parse_constant=refuse_constant)

    @property
    def started(self) -> list[str]:
        """Processes that were started, and what was taken from a pickle."""
        return [
            f"{event} {what}" for event, what, _ in self.events if event in {*STARTS, "pickle.find_class"}
        ]

    @property
    def written(self) -> list[str]:
        """Files that were written, made or removed."""
        return [what for _, what, writes in self.events if writes and what != os.devnull]

    def opened_outside(self, *inputs: Path) -> list[str]:
        """Files and folders that were read and are neither input nor part of the installation."""
        allowed = (*map(str, inputs), *SYSTEM, str(PACKAGE))
        seen = [what for event, what, _ in self.events if event in ("open", "os.scandir", "os.listdir")]
        return [what for what in seen if what.startswith("/") and not what.startswith(allowed)]


def refuse_constant(name: str) -> None:
    raise ValueError(f"strict JSON has no {name}")


@functools.cache
def server() -> subprocess.Popen[str]:
    """The process that runs the commands, each in a child; it ends with the one that asks."""
    own = [str(PACKAGE / "saliency_eval") + os.sep, str(WATCH) + os.sep]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(WATCH), str(PACKAGE)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCH": os.devnull,
        "OWN": os.pathsep.join(own),
        "PYTHONUTF8": "1",
    }
    return subprocess.Popen(
        [sys.executable, WATCH / "server.py"], stdin=-1, stdout=-1, text=True, env=environment
    )


def watched(*arguments: object, cwd: Path, notes: Path) -> Ran:
    """Run the command line in `cwd`; what it did is written below `notes`."""
    notes.mkdir(exist_ok=True)
    out, errors, events = (notes / name for name in ("out", "errors", "events"))
    events.write_text("")
    request = {
        "arguments": [*map(str, arguments)],
        "cwd": str(cwd),
        "out": str(out),
        "errors": str(errors),
        "environment": {"WATCH": str(events), "HOME": str(cwd), "TMPDIR": str(cwd)},
    }
    asked, answer = server().stdin, server().stdout
    assert asked
    assert answer
    print(json.dumps(request), file=asked, flush=True)
    cost = json.loads(answer.readline())
    seen = [tuple(json.loads(line)) for line in events.read_text().splitlines()]
    return Ran(out=out.read_text(), errors=errors.read_text(), events=seen, **cost)


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything below a folder: kind and mode, size, time of change, content or target."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = os.readlink(path) if os.path.islink(path) else b""
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    content = sha256(file.read()).digest()
            found[os.fsdecode(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found
