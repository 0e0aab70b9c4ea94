"""The demonstration: baselines on the embedded data set, scored, saved and ranked."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from saliency_eval.boards import boards_of
from saliency_eval.datasets import load_dataset
from saliency_eval.datasets.card import Card
from saliency_eval.exports import save_board
from saliency_eval.models.writing import write_maps
from saliency_eval.run import Run
from saliency_eval.scoring import score
from saliency_eval.store import save

BASELINES = ("uniform", "centre_gaussian", "centre_bias")
CEILING = "gold_standard"
PRIMARY = "nss"


class Demo(NamedTuple):
    """What was scored: baselines, the best first, and the ceiling, whose observers are left out in turn."""

    card: Card
    ranked: list[Run]
    ceiling: Run


def run_demo(out: Path) -> Demo:
    """Score three baselines and the ceiling; maps, runs and board lie below a folder."""
    data = load_dataset("demo")
    runs = []
    for model in BASELINES:
        write_maps(model, data, out / "maps" / model, resume=False)
        runs.append(score(out / "maps" / model, data))
    ceiling = score(f"model:{CEILING}", data)
    for run in (*runs, ceiling):
        save(run, out / "results")
    [board], _ = boards_of([*runs, ceiling], primary=PRIMARY)
    save_board(board, out / "leaderboards")
    return Demo(data.card, list(board.runs), ceiling)
