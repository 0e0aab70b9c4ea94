"""Every fault can be planted still; a few are, to see that the script tells what the tests notice and what not."""

import pytest

from .run import COPIED, ROOT, main, places
from .table import MUTATIONS

QUICK = ["metrics/roc.py", "sums/typed.h", "notebook.py", "protocols.py", "resize.py"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_every_fault_can_be_planted(mutation):
    assert places(mutation, ROOT) == 1
    assert mutation.planted != mutation.text
    assert mutation.tests
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutation.tests)


def test_there_are_enough_faults_and_none_twice():
    assert len(MUTATIONS) >= 25
    assert len({(one.file, one.text, one.planted) for one in MUTATIONS}) == len(MUTATIONS)
    assert len({one.what for one in MUTATIONS}) == len(MUTATIONS)
    assert all((ROOT / name).exists() for name in COPIED)


@pytest.mark.slow
def test_five_faults_are_noticed(capsys):
    files = [mutation.file for mutation in MUTATIONS]
    numbers = [str(files.index(file) + 1) for file in QUICK]
    assert main(numbers) == 0
    table = capsys.readouterr().out
    assert table.count("| caught | `") == len(QUICK)
    assert "5 of 5 faults are noticed" in table


@pytest.mark.slow
def test_a_fault_that_no_test_notices_survives(capsys, monkeypatch):
    kept = next(one for one in MUTATIONS if one.file == "notebook.py")
    harmless = kept._replace(text="LAST = 400", planted="LAST = 401")
    gone = kept._replace(text="what never stood there")
    monkeypatch.setattr("mutations.run.MUTATIONS", [harmless, gone])
    assert main([]) == 1
    table = capsys.readouterr().out
    assert "| survived |" in table
    assert "| does not apply: its text stands 0 times |" in table
    assert "0 of 2 faults are noticed" in table
