"""One self-contained page: its policy, its style, its script, its data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saliency_eval.errors import shown
from saliency_eval.formats import correlation, percent

if TYPE_CHECKING:
    import jinja2

HERE = Path(__file__).parent
ISLAND = '<script type="application/json" id="data">'


def render(
    template: str,
    *,
    title: str,
    island: Mapping[str, Any] | None = None,
    style: str = "",
    script: str = "",
    **context: Any,
) -> str:
    """The page of a template: a file of this folder, or the text of one that extends `layout.html`.

    `island` is what the script may read, strict JSON; `style` and `script` stand after those of all pages. Raises
    jinja2's errors for a faulty template and ValueError for NaN in the island.
    """
    from markupsafe import Markup

    style, script = source("page.css") + style, source("page.js") + script
    pages = environment()
    page = pages.from_string(template) if "{%" in template else pages.get_template(template)
    own = {"style": Markup(style), "script": Markup(script), "policy": policy(style, script)}
    return page.render(context, title=title, island=island, **own) + "\n"


def policy(style: str, script: str) -> str:
    """What the browser may do: this style, this script, pictures within the page."""
    return (
        f"default-src 'none'; img-src data:; style-src '{digest(style)}'; script-src '{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """The hash by which a policy names a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def source(name: str) -> str:
    """A file of this folder."""
    return (HERE / name).read_text(encoding="utf-8")


@cache
def environment() -> jinja2.Environment:
    """jinja2 that escapes everything and accepts no unknown name."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["shown"] = shown
    made.filters.update(shown=shown, percent=percent, correlation=correlation, address=address)
    made.policies["json.dumps_kwargs"] = {
        "sort_keys": True,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    return made


def address(url: object) -> str:
    """An address that a page may link to, empty for everything that is not plain http(s).

    >>> address("https://doi.org/10.1167/14.1.28"), address("javascript:alert(1)")
    ('https://doi.org/10.1167/14.1.28', '')
    """
    plain = r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/?#@!$&()*+,;=:%-]*)?"
    return url if isinstance(url, str) and re.fullmatch(plain, url) else ""


def data_uri(data: bytes, kind: str) -> str:
    """A picture as an address within the page; `kind` is svg+xml, png, jpeg or webp.

    >>> data_uri(b"<svg/>", "svg+xml")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def island(page: str) -> Any:
    """The data of a page, read back. Raises ValueError where there are none."""
    _, start, rest = page.partition(ISLAND)
    if not start:
        raise ValueError("the page must hold a data island, it has none")
    return json.loads(rest.partition("</script>")[0])
