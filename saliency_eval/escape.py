"""Names as text of a file format: one function for each, so that no name can act as anything else."""

from __future__ import annotations

import re

from saliency_eval.errors import shown

LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",  # some languages make the quote a command
    "'": "'{}",  # two in a row, or two hyphens, would become another sign
    "-": "-{}",
    "[": "{[}",  # after a row end they would be an option
    "]": "{]}",
    "*": "{*}",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of a formula


def markdown(name: str, limit: int = 80) -> str:
    """A name that stays text inside a Markdown table: no markup, link, HTML or second cell comes from it.

    >>> print(markdown("a|b`c*_d"), markdown("1. x"), markdown("&lt;"))
    a\\|b\\`c\\*\\_d 1\\. x \\&lt;
    """
    text = re.sub(r"([\\`*_{}\[\]<>&#|~$%:!^])", r"\\\1", shown(name, limit))
    return re.sub(r"(^\s*\d*(?=[-+=.)])|www(?=\.))", r"\1\\", text, flags=re.IGNORECASE)


def code(text: str) -> str:
    """A line as a Markdown code span, whatever backticks it holds.

    >>> code("nss|ddof:1"), code("a`b")
    ('`nss|ddof:1`', '``a`b``')
    """
    text = shown(text, 2000)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(text: str) -> str:
    """Lines as a Markdown code block, whatever backticks they hold.

    >>> print(block("a\\n``` <b>"))
    ````
    a
    ``` <b>
    ````
    """
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", text))]))
    return "\n".join([fence, *(shown(line, 2000) for line in text.splitlines()), fence])


def latex(name: str) -> str:
    """A name in which LaTeX finds no command, no ligature and no option.

    >>> print(latex("50%_&#"), latex(chr(92) + "input{x}"))
    50\\%\\_\\&\\# \\textbackslash{}input\\{x\\}
    """
    return "".join(LATEX.get(c, c) for c in shown(name))


def csv_line(cells: list[str]) -> str:
    """One line of RFC 4180.

    >>> csv_line(["a", 'b"c', "d,e"])
    'a,"b""c","d,e"\\n'
    """
    return ",".join(map(quoted, cells)) + "\n"


def quoted(cell: str) -> str:
    """A cell of RFC 4180, in quotes where it needs them."""
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[",\r\n]', cell) else cell


def without_surrogates(text: str) -> str:
    r"""The text with lone surrogates, which UTF-8 cannot hold, escaped.

    >>> without_surrogates("a\udc80")
    'a\\udc80'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def without_formula(name: str) -> str:
    """A name that a spreadsheet shows and does not compute: a quote before what would start a formula.

    >>> without_formula("=1+1"), without_formula("a")
    ("'=1+1", 'a')
    """
    return "'" + name if name.startswith(FORMULA) else name
