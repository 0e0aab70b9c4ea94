"""The ranked runs of a report side by side, with the material of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from saliency_eval.boards import Board
from saliency_eval.core import METRICS
from saliency_eval.formats import ARROWS
from saliency_eval.report.images import Table
from saliency_eval.report.material import Material
from saliency_eval.variant import Variant, parse

ROC = (
    "auc_judd",
    "auc",
    "shuffled_auc",
    "auc_borji",
)  # whose curve is drawn: the first of these that was scored


class Metric(NamedTuple):
    """A column: its label, direction, the value of a map that knows nothing, and its signature."""

    label: str
    better: str
    chance: float | None
    signature: str

    @property
    def head(self) -> str:
        """The label with its arrow."""
        return f"{self.label} {ARROWS[self.better]}"


class Compared(NamedTuple):
    """Everything that the parts of a report read."""

    board: Board
    names: tuple[str, ...]
    metrics: tuple[Metric, ...]
    table: Table
    material: Material

    @property
    def primary(self) -> Metric:
        """The metric that ranks."""
        return next(m for m in self.metrics if m.label == self.board.primary)

    def auc(self) -> tuple[str, Variant] | None:
        """The label and variant of the AUC whose curve is drawn."""
        by_key = {m.signature.partition("|")[0]: m for m in reversed(self.metrics)}
        found = next((by_key[key] for key in ROC if key in by_key), None)
        return None if found is None else (found.label, parse(found.signature))


def compare(board: Board, names: Sequence[str], material: Material) -> Compared:
    """The runs of a board under their names."""
    metrics = []
    for label in board.labels:
        traits = METRICS[board.key(label)].traits
        metrics.append(Metric(label, traits["better"], traits["chance"], board.runs[0].signatures[label]))
    return Compared(board, tuple(names), tuple(metrics), Table.of(board.runs, board.labels), material)
