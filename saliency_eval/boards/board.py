"""A board: runs of one signature in order, what stands beside them, and how it shows itself."""

from __future__ import annotations

import functools
import hashlib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from saliency_eval import notebook
from saliency_eval.boards.describe import document
from saliency_eval.boards.reported import Reported
from saliency_eval.boards.table import table
from saliency_eval.core import METRICS
from saliency_eval.protocols import PROTOCOLS
from saliency_eval.run import DataId, Run
from saliency_eval.store import slug

if TYPE_CHECKING:
    import pandas as pd


PLAIN = "mit"  # the protocol whose board is named by its data set alone: the default of `score`


class Apart(NamedTuple):
    """A run that is listed beside a board and not ranked; `model` is empty where the file cannot be read."""

    model: str
    run: str
    reason: str
    detail: str
    scores: Run | None = None

    @property
    def why(self) -> str:
        """The reason, as what is said of it."""
        begin = {
            "ceiling": "is what observers reach:",
            "incomplete": "has",
            "mixed_signature": "has another signature than the others:",
            "skipped_result": "cannot be used:",
        }[self.reason]
        return f"{begin} {self.detail}" + (" images" if self.reason == "incomplete" else "")


@dataclass(frozen=True, repr=False)
class Board:
    """Complete runs of one signature on one data set, the best first, and the runs that stand apart."""

    primary: str
    runs: tuple[Run, ...]
    apart: tuple[Apart, ...] = ()
    reported: tuple[Reported, ...] = ()

    @property
    def data(self) -> DataId:
        """The data set."""
        return self.runs[0].data

    @property
    def protocol(self) -> str:
        """The protocol of all runs."""
        return self.runs[0].setting.protocol

    @property
    def name(self) -> str:
        """What its folder is called."""
        return folder_for(self.data.id, self.protocol)

    @property
    def labels(self) -> tuple[str, ...]:
        """The metrics, in the order in which they were scored."""
        return self.runs[0].labels

    @property
    def ceilings(self) -> list[Run]:
        """What observers reach, in all else scored like the runs; the first is the one that counts."""
        return [one.scores for one in self.apart if one.reason == "ceiling" and one.scores]

    @property
    def scored(self) -> list[Run]:
        """All runs that the board shows."""
        return [*self.runs, *(one.scores for one in self.apart if one.scores)]

    def key(self, label: str) -> str:
        """The metric of a column."""
        return self.runs[0].keys[self.labels.index(label)]

    def is_higher(self, label: str) -> bool:
        """Is a higher score the better one?"""
        return bool(METRICS[self.key(label)].traits["better"] == "higher")

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """The content of `leaderboard.json`."""
        return document(self)

    def __repr__(self) -> str:
        return f"<{self.title}>"

    @property
    def title(self) -> str:
        """Data set, protocol and number of models."""
        return f"board of {len(self.runs)} models on {self.data.tag}, {self.protocol}, by {self.primary}"

    def to_frame(self) -> pd.DataFrame:
        """One row for each model, best first: rank, then mean, interval, groups and share of the ceiling."""
        import pandas as pd

        rows = [
            {"model": row["label"], "rank": row["rank"]}
            | {name: value for label in self.labels for name, value in flat(label, row["metrics"][label])}
            for row in self.document["rows"]
        ]
        return pd.DataFrame(rows).set_index("model")

    def _repr_html_(self) -> str:
        """What a notebook shows: the table, and the signatures folded below; at most 50 kB."""
        found = table(self.document)
        header = ["rank", "model", *(f"{column.title} {column.arrow}" for column in found.columns)]
        rows = [[row.rank, row.model, *(cell.plain for cell in row.cells)] for row in found.rows]
        return notebook.table(self.title, header, rows, [column.signature for column in found.columns])


def flat(label: str, cell: dict[str, Any]) -> list[tuple[str, object]]:
    """The columns of one metric; numbers that are missing are NaN."""
    ends = {"": "mean", "_low": "lo", "_high": "hi", "_norm": "norm"}
    numbers = {end: math.nan if cell[key] is None else cell[key] for end, key in ends.items()}
    return [*((f"{label}{end}", value) for end, value in numbers.items()),
            (f"{label}_groups", " ".join(cell["groups"]))]  # fmt: skip


def folder_for(id: str, protocol: str = PLAIN) -> str:
    """The folder of a board: the id of its data set, and the protocol unless it is the default of `score`.

    Another one for every data set and protocol, with a hash where that would not be plain.

    >>> folder_for("osie"), folder_for("osie", "tuebingen"), folder_for("../My set")
    ('osie', 'osie.tuebingen', 'my-set-22492db14edf')
    """
    name = id if protocol == PLAIN else f"{id}.{protocol}"
    plain, ends = slug(name), tuple(f".{known}" for known in PROTOCOLS)
    if (
        plain == name
        and protocol in PROTOCOLS
        and not re.search("-[0-9a-f]{12}$", id)
        and not id.endswith(ends)
    ):
        return plain
    return (
        f"{plain[:47].rstrip('-.')}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    )
