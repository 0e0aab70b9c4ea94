"""Pictures of a board as SVG, the same bytes wherever one version of matplotlib draws them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, ACCENT = "#1a1c1f", "#595f69", "#0b57a4"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "saliency-eval",
    "svg.fonttype": "path",
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,  # a name is no formula
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


@contextmanager
def style() -> Iterator[None]:
    """The look of all plots, whatever the settings of the user; figures are made and saved within."""
    import matplotlib

    settings: Any = {key: value for key, value in matplotlib.rcParamsDefault.items() if "backend" not in key}
    with matplotlib.rc_context(settings | STYLE):
        yield


def svg(figure: Figure) -> bytes:
    """The figure as SVG that names no date and no version; made within `style`."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return file.getvalue()
