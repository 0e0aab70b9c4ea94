"""Runs that are killed at random moments and started again give the bytes of a run that nobody disturbed.

    python tests/survival/kill.py --kills 50

makes 300 maps, scores them once in peace, then again and again, ended by SIGKILL at a moment between start and end, and
once more to the end; every time the finished run must be the same, byte for byte. Exit 1 when one is not.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SHAPE = 240, 320


def make(folder: Path, images: int) -> None:
    """An own data set `set` and a folder of maps `maps`."""
    rng = np.random.default_rng(0)
    for name in ("set/stimuli", "maps"):
        (folder / name).mkdir(parents=True)
    lines = ["image,row,column"]
    for number in range(images):
        Image.new("L", SHAPE[::-1]).save(folder / "set" / "stimuli" / f"{number}.png")
        noise = Image.fromarray(rng.integers(0, 256, SHAPE, np.uint8))
        noise.save(folder / "maps" / f"{number}.png", compress_level=1)
        lines += [f"{number},{rng.integers(SHAPE[0])},{rng.integers(SHAPE[1])}" for _ in range(9)]
    (folder / "set" / "fixations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "set" / "dataset.toml").write_text('name = "set"\nsigma = 4.0\n', encoding="utf-8")


def start(folder: Path, out: str, workers: int) -> subprocess.Popen[str]:
    """The command, in a process group of its own."""
    command = ["score", "maps", "--data", "./set", "--format", "json", "-q"]
    return subprocess.Popen(
        [sys.executable, "-m", "saliency_eval", *command, "--out", out, "--workers", str(workers)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def finish(folder: Path, out: str, workers: int) -> dict[str, bytes]:
    """Run the command to its end; the files of the run, but for its log. Nothing unfinished may be left."""
    process = start(folder, out, workers)
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"exit {process.returncode}: {errors}")
    [run] = (folder / out / "set").iterdir()
    return {path.name: path.read_bytes() for path in run.iterdir() if path.name != "log.txt"}


def journal(folder: Path, out: str) -> int:
    """How many lines were kept."""
    return sum(path.read_bytes().count(b"\n") for path in (folder / out).rglob("partial.jsonl"))


def kill(folder: Path, out: str, workers: int, after: float) -> int:
    """Start the command, end it and its workers after some seconds; the lines that it leaves."""
    process = start(folder, out, workers)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return journal(folder, out)


def main() -> int:
    """Kill and compare; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        return disturb(folder, given.kills, given.images, random.Random(given.seed))
    finally:
        shutil.rmtree(folder)


def disturb(folder: Path, kills: int, images: int, chance: random.Random) -> int:
    """How many of the disturbed runs differ, as an exit status."""
    make(folder, images)
    begin = time.perf_counter()
    undisturbed = finish(folder, "peace", 1)
    whole = time.perf_counter() - begin
    kept, bad = [], 0
    for number in range(kills):
        out, workers = f"out{number}", 1 + number % 2
        for _ in range(chance.randint(1, 2)):
            kept.append(kill(folder, out, workers, chance.uniform(0, 1.1 * whole)))
        bad += finish(folder, out, workers) != undisturbed
        shutil.rmtree(folder / out)
    middle = sum(0 < lines < images for lines in kept)
    print(
        f"{kills} runs of {images} maps, {len(kept)} kills, {middle} of them amid the scoring: {bad} differ"
    )
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main())
