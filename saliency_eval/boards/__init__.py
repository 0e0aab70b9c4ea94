"""Boards: a pure function of runs. What is ranked with what, what can be told apart, and `leaderboard.json`."""

from saliency_eval.boards.board import Apart, Board
from saliency_eval.boards.build import Built, board_of, boards_of, build, leaderboard, ranked
from saliency_eval.boards.describe import document
from saliency_eval.boards.reported import Reported, read_reported

__all__ = [
    "Apart", "Board", "Built", "Reported", "board_of", "boards_of", "build", "document", "leaderboard", "ranked",
    "read_reported",
]  # fmt: skip
