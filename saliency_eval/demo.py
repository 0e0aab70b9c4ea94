"""The demonstration: baselines on the embedded data set, scored, saved and ranked."""

from __future__ import annotations

from pathlib import Path

from saliency_eval.boards import to_markdown
from saliency_eval.datasets import load_dataset
from saliency_eval.models.runner import write_maps
from saliency_eval.scoring import score
from saliency_eval.store import save

BASELINES = ("uniform", "centre_gaussian", "centre_bias")
CEILING = "gold_standard"


def run_demo(out: Path) -> str:
    """Write the maps of three baselines below a folder, score them and the ceiling, and give the board as text."""
    data = load_dataset("demo")
    runs = []
    for model in BASELINES:
        write_maps(model, data, out / "maps" / model)
        runs.append(score(out / "maps" / model, data))
    runs.append(score(f"model:{CEILING}", data))
    for run in runs:
        save(run, out / "results")
    board = to_markdown(runs, primary="nss")
    (out / "leaderboard.md").write_text(board, encoding="utf-8")
    return f"{data.card.name}: {data.card.summary}\n\n{board}"
