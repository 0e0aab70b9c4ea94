"""A plugin of pytest with which a project pins the scores of its own model.

`pytest --saliency-golden DIR` compares with the records in a folder, `--saliency-golden-update` writes them. Nothing
else of this package is imported before a test asks for the fixture.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

UPDATE = "--saliency-golden-update"
OUTCOMES = pytest.StashKey[Counter[str]]()
OF_WORKER = "saliency_golden"  # what a worker of pytest-xdist hands over


class Golden:
    """Records of a folder, compared with or written."""

    def __init__(self, folder: Path, update: bool) -> None:
        self.folder, self.update = folder, update
        self.outcomes: Counter[str] = Counter()
        self._checked: set[str] = set()

    def check(
        self, name: str, scores: Any, data: Any = None, *, tolerance: float = 1e-9, **options: Any
    ) -> None:
        """Compare scores with the record of that name; the test fails where a number differs, or no record is there.

        `scores`: a run, numbers by metric, or numbers by image and metric; with `data` predictions, scored as
        `saliency_eval.score` does with the other options. `tolerance` is relative to the recorded number or, if that
        is smaller, to 1. With `--saliency-golden-update` a record that differs is written anew.
        """
        from saliency_eval import SaliencyEvalError, pinned

        if name in self._checked:
            pytest.fail(f"'{name}' is checked twice in one session; give each check its own name", False)
        self._checked.add(name)
        try:
            new = pinned.record_of(name, scores, data, **options)
            if self.update:
                written = pinned.update(self.folder, new, tolerance)
                self.outcomes["written" if written else "unchanged"] += 1
                return
            found = pinned.different(self.folder, new, tolerance)
        except SaliencyEvalError as error:
            found = str(error)
        if found:
            again = f"pytest --saliency-golden {self.folder} {UPDATE}"
            pytest.fail(f"saliency golden '{name}': {found}\nif it is to be recorded anew: {again}", False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options, and the setting of the folder."""
    group = parser.getgroup("saliency_eval", "pinned scores of saliency models")
    group.addoption("--saliency-golden", metavar="DIR", help="folder of recorded scores")
    group.addoption(UPDATE, action="store_true", help="write records that are new or differ")
    parser.addini("saliency_golden", "folder of recorded scores, seen from the root", default="")


@pytest.fixture(scope="session")
def saliency_golden(pytestconfig: pytest.Config) -> Golden:
    """Compares scores with those recorded by `--saliency-golden-update`."""
    given, setting = pytestconfig.getoption("--saliency-golden"), pytestconfig.getini("saliency_golden")
    if not (given or setting):
        pytest.fail("saliency_golden needs the folder of records: pytest --saliency-golden DIR, or the setting "
                    "saliency_golden of the pytest configuration", pytrace=False)  # fmt: skip
    folder = pytestconfig.invocation_params.dir / given if given else pytestconfig.rootpath / setting
    golden = Golden(folder, bool(pytestconfig.getoption(UPDATE)))
    pytestconfig.stash[OUTCOMES] = golden.outcomes
    return golden


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what a worker of pytest-xdist counted."""
    outcomes = session.config.stash.get(OUTCOMES, None)
    if outcomes and hasattr(session.config, "workeroutput"):
        session.config.workeroutput[OF_WORKER] = dict(outcomes)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist counted."""
    outcomes = node.config.stash.setdefault(OUTCOMES, Counter())
    outcomes.update(getattr(node, "workeroutput", {}).get(OF_WORKER, {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how many records were written."""
    if outcomes := config.stash.get(OUTCOMES, None):
        counts = ", ".join(f"{count} {word}" for word, count in sorted(outcomes.items()))
        terminalreporter.write_line(f"saliency golden: {counts}")
