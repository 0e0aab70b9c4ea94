"""A board: runs of one signature in order, what stands beside them, and how it shows itself."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from saliency_eval import notebook
from saliency_eval.boards.describe import ARROWS, describe
from saliency_eval.boards.reported import Reported
from saliency_eval.core import METRICS
from saliency_eval.errors import Problem, shown
from saliency_eval.run import DataId, Run

if TYPE_CHECKING:
    import pandas as pd
