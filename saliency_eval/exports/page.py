"""A board as one page that opens without a network and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from saliency_eval.boards.board import ARROWS
from saliency_eval.errors import shown
from saliency_eval.exports.table import Json, table

HERE = Path(__file__).parent


def to_html(document: Json) -> str:
    """The page: names are text wherever they stand, and the policy allows the style of this file alone."""
    import jinja2
    from markupsafe import Markup

    style = (HERE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    # scripts are allowed by nothing here, so that a fault of the escaping alone does no harm
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = shown
    page = environment.from_string((HERE / "page.html").read_text(encoding="utf-8"))
    return page.render(board=table(document), style=Markup(style), policy=policy, arrows=ARROWS) + "\n"
