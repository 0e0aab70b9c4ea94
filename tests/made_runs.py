"""Runs made by hand, so that boards are tested without scoring."""

import numpy as np

from saliency_eval.boards import boards_of
from saliency_eval.run import DataId, Run, Setting

SHA = "0f" * 32
NAMES = {
    "script": "<script>alert(1)</script>",
    "hyperlink": '=HYPERLINK("http://evil.example","x")',
    "plus": "+1+1",
    "sum": "@SUM(A1)",
    "minus": "-2+3",
    "input": r"\input{/etc/passwd}",
    "markup": "a|b`c*_d",
    "latex": "50%_&#$~^{}\\",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "newline": "two\nlines",
    "right to left": "abc\u202egnp.exe",
    "long": "x" * 5000,
    "path": "../../x",
    "device": "CON",
    "empty": "",
    "blank": " ",
    "nan": "NaN",
    "number": "1e5",
    "true": "TRUE",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "emoji": "\U0001f600",
    "surrogate": "a\ud800b",
}
MORE = {
    "other long": "x" * 4999 + "y",
    "heading": "# h",
    "list": "1. one",
    "list 2": "12) one",
    "dash": "- one",
    "link": "[x](http://evil.example)",
    "autolink": "www.evil.example",
    "url": "https://evil.example/a",
    "angle": "<http://evil.example>",
    "entity": "&lt;b&gt;",
    "image": "![x](http://evil.example/a.png)",
    "carriage return": "a\rb",
    "tab": "\t=1",
    "quote": "a\"b'c",
    "pipe": "a\\|b",
    "strike": "~~a~~",
    "liquid": "{{ 7*7 }}{% raw %}",
    "option": "[2cm]",
    "ligature": "a--b``c''",
}


def boards_but(runs, *more, **options):
    """Boards and findings as `boards_of` gives them, but for the warning that made runs have no baselines."""
    boards, problems = boards_of(runs, *more, **options)
    return boards, [problem for problem in problems if problem.code != "no_baseline"]


def signature(key, *, data="toy@1#0f0f0f0f", protocol="mit", resize="none", ddof="1", n=6):
    """A signature as `signatures.signature` writes it."""
    return f"{key}|protocol:{protocol}|data:{data}|kind:map|ddof:{ddof}|resize:{resize}|n:{n}|v:0.1.0"


def made(model="m", *, values=None, labels=("nss", "kld"), n=6, id="toy", complete=True, seed=0, **fields):
    """A run on a data set of six images."""
    if values is None:
        values = np.random.default_rng(seed).normal(1, 0.5, (n, len(labels)))
    tag = f"{id}@1#{SHA[:8]}"
    run = {
        "model": model,
        "source": "",
        "data": DataId(id, "1", tag, SHA, 6),
        "setting": Setting("mit", "map", "mit", "error"),
        "labels": tuple(labels),
        "keys": tuple(label.partition("(")[0] for label in labels),
        "signatures": {label: signature(label.partition("(")[0], data=tag, n=n) for label in labels},
        "ids": tuple(f"i{k}" for k in range(10, 10 - n, -1)),  # i10 comes first: not the order of texts
        "values": np.asarray(values, float),
        "unscored": np.zeros(n, bool),
        "predictions_sha256": f"{seed:064x}",
        "complete": complete,
    }
    return Run(**{**run, **fields})
