"""The example of CONTRIBUTING.md: a metric declared in one place appears everywhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.search(
    r"<!-- example -->\n```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL
)[1]
USE = """
import contextlib, doctest, io, json, sys
import saliency_eval as se
import saliency_eval.metrics.roc as module
from saliency_eval import golden
from saliency_eval.core import METRICS
exec({example!r}, vars(module))
import saliency_eval.cli as cli
sys.argv = ["saliency-eval", "metrics"]
listed = io.StringIO()
with contextlib.redirect_stdout(listed), contextlib.suppress(SystemExit):
    cli.main()
data = se.load_dataset("demo")
print(json.dumps({{
    "by hand": se.metrics.percentile([[0, 1], [2, 3]], [[1, 0]]),
    "in the list": "percentile" in listed.getvalue(),
    "in a run": se.score("model:centre_gaussian", data, "percentile").means["percentile"].n,
    "with its options": str(se.parse("percentile(duplicates=count)")),
    "unrecorded": sorted({{d.signature for d in golden.compare(golden.recorded()["values"], golden.compute())}}),
    "invariant": METRICS["percentile"].traits["invariant"],
}}))
"""


@pytest.mark.slow
def test_the_example_is_short_and_appears_everywhere():
    assert len(EXAMPLE.strip().splitlines()) < 11
    done = subprocess.run([sys.executable, "-c", USE.format(example=EXAMPLE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "by hand": 0.5,
        "in the list": True,
        "in a run": 8,
        "with its options": "percentile|duplicates:count",
        "unrecorded": ["percentile|duplicates:count", "percentile|duplicates:unique"],
        "invariant": ["monotone", "flip"],
    }
