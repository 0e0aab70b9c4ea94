"""Fuzz the readers with atheris, each target in a process of its own: `python tests/fuzz/run.py [TARGET ...]`."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
MEMORY, SECONDS = 2048, 20  # MiB of the process; for one input


class Outcome(NamedTuple):
    """What a target's process told."""

    executions: int
    findings: list[str]


def fuzz(name: str, runs: int, folder: Path) -> Outcome:
    """Run one target to its end; a crash, a hang or too much memory is a finding as well."""
    options = [f"-runs={runs}", f"-rss_limit_mb={MEMORY}", f"-timeout={SECONDS}", "-print_final_stats=1"]
    command = [sys.executable, "-m", "fuzz.one", name, str(folder), *options]
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    (folder / "log").write_text(done.stdout + done.stderr, encoding="utf-8")
    findings = re.findall(r"^FINDING (.*)", done.stdout, re.MULTILINE)
    if done.returncode:
        why = re.findall(r"ERROR: (.*)|Error: (.*)", done.stderr)
        findings.append(f"exit status {done.returncode} {why[-1] if why else ''}")
    count = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    return Outcome(int(count[1]) if count else 0, findings)


def main() -> int:
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="where corpus, log and findings are kept")
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    base, failed = given.folder or Path(tempfile.mkdtemp(prefix="fuzz-")), False
    for name in given.targets or TARGETS:
        outcome = fuzz(name, given.runs, (base / name).resolve())
        print(f"{name}: {outcome.executions} executions, {len(outcome.findings)} findings", flush=True)
        for finding in outcome.findings:
            print(f"  {finding}", flush=True)
        failed |= bool(outcome.findings)
    print(f"inputs and logs are in {base}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
