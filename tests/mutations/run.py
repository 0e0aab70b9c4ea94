"""Plants faults in a copy of the package and shows which tests notice: `python tests/mutations/run.py [NUMBER ...]`.

Exit 1 if a fault survives, or can no longer be planted. The tree itself is never touched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from mutations.table import MUTATIONS, Mutation  # noqa: E402

SHARED = os.environ.get("SALIENCY_EVAL_SHARED", str(ROOT.parent / "shared"))
COPIED = (
    "saliency_eval",
    "tests",
    "datasets",
    "leaderboards",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
)
COMPILED = (".c", ".h")
MINUTES = 10  # for the tests of one fault
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+)", re.MULTILINE)


class Outcome(NamedTuple):
    """What became of a fault."""

    verdict: str  # caught, survived, or why it is neither
    by: str
    seconds: float


def places(mutation: Mutation, root: Path) -> int:
    """How often the text stands in its file."""
    return (root / "saliency_eval" / mutation.file).read_text(encoding="utf-8").count(mutation.text)


def tried(mutation: Mutation, copy: Path) -> Outcome:
    """Plant a fault in a copy, run its tests there, and undo it."""
    if (count := places(mutation, copy)) != 1:
        return Outcome(f"does not apply: its text stands {count} times", "", 0)
    path = copy / "saliency_eval" / mutation.file
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace(mutation.text, mutation.planted), encoding="utf-8")
    start = time.perf_counter()
    try:
        if path.suffix in COMPILED and not compiled(copy):
            return Outcome("does not compile", "", time.perf_counter() - start)
        status, output = tested(mutation.tests, copy)
    finally:
        path.write_text(before, encoding="utf-8")
        if path.suffix in COMPILED:
            compiled(copy)
    by = FAILED.findall(output)
    verdict = {0: "survived", 1: "caught"}.get(status, f"pytest ended with {status}")
    return Outcome(verdict, by[0] if by else "", time.perf_counter() - start)


def compiled(copy: Path) -> bool:
    """Compile the sums of a copy."""
    build = copy / "saliency_eval" / "sums" / "build.py"
    code = f"import runpy; raise SystemExit(runpy.run_path({str(build)!r})['compile_library']() is None)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def tested(tests: Iterable[str], copy: Path) -> tuple[int, str]:
    """Exit status and output of pytest in a copy."""
    environment = (
        os.environ
        | {
            "PYTHONPATH": str(copy),
            "PYTHONDONTWRITEBYTECODE": "1",  # a change within a second would be taken for the file that was compiled
            "SALIENCY_EVAL_SHARED": SHARED,
        }
    )
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, errors="replace",
        timeout=60 * MINUTES, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def copied(folder: Path) -> Path:
    """A copy of what the tests need."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def outcomes(mutations: Iterable[Mutation], copy: Path) -> Iterator[tuple[Mutation, Outcome]]:
    """What becomes of each fault, one after the other."""
    for mutation in mutations:
        yield mutation, tried(mutation, copy)


def row(number: int, mutation: Mutation, outcome: Outcome) -> str:
    """A line of the table."""
    by = outcome.by.removeprefix("tests/").replace("|", "\\|")
    seconds = f"{outcome.seconds:.1f}"
    cells = [str(number), f"`{mutation.file}`", mutation.what, outcome.verdict, by and f"`{by}`", seconds]
    return f"| {' | '.join(cells)} |"


def main(numbers: list[str]) -> int:
    """Plant all faults, or those of some numbers; 0 when the tests notice each."""
    chosen = [int(number) for number in numbers] or range(1, len(MUTATIONS) + 1)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = copied(Path(folder))
        tests = dict.fromkeys(test for number in chosen for test in MUTATIONS[number - 1].tests)
        status, output = tested(tests, copy)
        if status:
            print(f"without any fault the tests must pass, pytest ended with {status}:\n{output[-3000:]}")
            return 1
        print("| | file | fault | verdict | by | s |\n| --- | --- | --- | --- | --- | --- |", flush=True)
        missed = 0
        faults = [MUTATIONS[number - 1] for number in chosen]
        for number, (mutation, outcome) in zip(chosen, outcomes(faults, copy), strict=True):
            print(row(number, mutation, outcome), flush=True)
            missed += outcome.verdict != "caught"
    print(f"\n{len(faults) - missed} of {len(faults)} faults are noticed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
