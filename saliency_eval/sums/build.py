"""Compiles the C form of the sums when the package is installed; without a compiler, numpy does the work.

It needs nothing but Python, so that the installation can run it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = ("sums.c", "typed.h", "components.h")
FLAGS = ("-O3", "-std=c99", "-ffp-contract=off", "-fPIC", "-shared")


def library() -> Path:
    """Where the compiled form of these very sources under these flags lies, or would lie."""
    text = b"".join((HERE / name).read_bytes() for name in SOURCES) + " ".join(FLAGS).encode()
    return HERE / f"sums-{hashlib.sha256(text).hexdigest()[:8]}.compiled"


def compile_library() -> Path | None:
    """Compile the sources beside them; None, and no harm done, where that fails."""
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    target = library()
    made = target.with_suffix(f".{os.getpid()}")
    command = [*shlex.split(compiler), *FLAGS, str(HERE / SOURCES[0]), "-o", str(made), "-lm"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        for old in HERE.glob("sums-*.compiled"):
            old.unlink()
        os.replace(made, target)
    except (OSError, subprocess.SubprocessError):
        return None
    return target
