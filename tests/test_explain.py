"""The page of one image: whatever is shown adds up to the value that scoring gives."""

import json

import numpy as np
import pytest
from PIL import Image
from test_cli import answer, call
from test_report import Page

import saliency_eval as se
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.protocols import PROTOCOLS as ALL_PROTOCOLS
from saliency_eval.protocols import names_of
from saliency_eval.report import explain
from saliency_eval.report.terms import FUNCTIONS

PROTOCOLS = {name: ALL_PROTOCOLS[name] for name in names_of("fixations")}

MODELS = ["model:centre_bias", "model:centre_gaussian(width=0.1)"]


def test_all_parts_of_all_metrics_add_up_to_the_scores():
    found = explain("colour-90", MODELS, "demo", "all")
    assert {s.key for s in found.sections} == set(FUNCTIONS)
    data = se.load_dataset("demo")
    for n, model in enumerate(MODELS):
        run = se.score(model, data, "all")
        row = run.ids.index("colour-90")
        for section in found.sections:
            part = section.parts[n]
            assert part.value == run.values[row, run.labels.index(section.label)]
            assert part.total == pytest.approx(part.value, rel=1e-9, abs=1e-12)
            assert f"{part.value:.6g}" in part.sentence


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_under_every_protocol(protocol):
    found = explain("larger-2", MODELS[1:], "demo", protocol=protocol)
    for section in found.sections:
        assert section.parts[0].total == pytest.approx(section.parts[0].value, rel=1e-9, abs=1e-12)
    lines = found.models[0].signatures
    assert all(f"|protocol:{protocol}|data:{found.data}|" in line and "|n:1|" in line for line in lines)


def test_of_observers_left_out_the_value_is_the_mean_and_the_first_is_shown():
    [section] = explain("larger-2", ["model:gold_standard"], "demo", "nss").sections
    [part] = section.parts
    views = explain("larger-2", ["model:gold_standard"], "demo", "nss").models[0].look.views
    run = se.score("model:gold_standard", "demo", "nss")
    assert part.value == run.values[run.ids.index("larger-2"), 0]
    assert len(views) == 12
    assert "the mean over 12 observers" in part.sentence
    first = se.metrics.nss(views[0]["saliency"], views[0]["fixations"])
    assert part.total == pytest.approx(first)


def test_a_constant_map_is_explained_by_its_rule():
    found = explain("larger-2", ["model:uniform"], "demo")
    by_label = {s.label: s.parts[0] for s in found.sections}
    assert "set by a rule" in by_label["nss"].sentence
    assert by_label["nss"].value == 0.0
    assert "100 % are ties" in by_label["auc_judd"].sentence


def test_the_page_shows_the_parts():
    found = explain("colour-90", MODELS, "demo", "auc_judd,nss,ig,kld,emd", names=["a", "<b>"])
    page = Page(found.page)
    for section in found.sections:
        for part in section.parts:
            assert page.says(part.sentence)
    assert page.says("a: the 12 pixels with the greatest terms")
    assert sum("by rank" in alt for alt in page.alts) >= 2
    assert any(alt.startswith("The baseline map") for alt in page.alts)
    assert any("ROC curves of auc_judd for colour-90. Areas: a 0." in alt for alt in page.alts)
    assert "b" not in page.tags or page.says("<b>")
    thresholds = found.sections[0].tables[0]
    assert len(thresholds.rows) == len(found.sections[0].parts[0].seen.points.fp)
    assert (
        explain("colour-90", MODELS, "demo", "auc_judd,nss,ig,kld,emd", names=["a", "<b>"]).page == found.page
    )


def test_costs_are_those_of_the_pixels():
    [section] = explain("colour-90", MODELS[1:], "demo", "kld").sections
    costs = section.parts[0].seen.values
    row, column, *_, cost, share = section.tables[0].rows[0]
    assert float(cost) == pytest.approx(costs.max(), rel=1e-5)
    assert (int(row), int(column)) == tuple(np.argwhere(costs == costs.max())[0])
    assert share == f"{costs.max() / costs.sum():.1%}"


def test_two_models_of_one_name_are_told_apart():
    found = explain("larger-2", MODELS[:1] * 2, "demo", "nss")
    assert [m.name for m in found.models] == ["centre_bias (1)", "centre_bias (2)"]


def test_what_is_wrong_is_said(toy):
    for image, source, code, status in [("i99", "maps", "usage", 2), ("i01", "none", "missing", 3)]:
        with pytest.raises(SaliencyEvalError) as refused:
            explain(image, [str(toy / source)], str(toy / "toy"))
        assert (refused.value.code, refused.value.exit_code) == (code, status)
    (toy / "maps" / "i01.png").unlink()
    with pytest.raises(SaliencyEvalError, match="i01") as refused:
        explain("i01", [str(toy / "maps")], str(toy / "toy"))
    assert refused.value.code == "missing"
    assert "--on-missing" not in str(refused.value)
    with pytest.raises(SaliencyEvalError, match="add the file") as refused:
        explain("i02", [str(toy / "maps" / "i03.png")], str(toy / "toy"))
    assert "--on-missing" not in str(refused.value)
    Image.new("RGB", (64, 48), "red").save(toy / "maps" / "i01.png")
    with pytest.raises(SaliencyEvalError) as refused:
        explain("i01", [str(toy / "maps")], str(toy / "toy"))
    assert refused.value.code == "colour"


def test_the_command(toy):
    done = call("explain", "i01", "--pred", "maps", "--pred", "model:centre_bias", "--data", "toy", "--metrics",
                "auc_judd,nss", cwd=toy)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "saved explain-i01.html" in done.stdout
    run = se.score(str(toy / "maps"), str(toy / "toy"), "auc_judd,nss")
    assert f"{run.values[run.ids.index('i01'), 1]:.6g}" in done.stdout
    assert "nss|protocol:mit|data:toy@1#" in done.stdout
    done = call(
        "explain", "i01", "--pred", "maps", "--data", "toy", "--out", "p.html", "--format", "json", cwd=toy
    )
    document = answer(done)
    assert document["page"] == "p.html"
    assert document["results"][0]["model"] == "maps"
    assert json.dumps(document["results"][0]["signatures"]).count("protocol:mit") == 7
    done = call("explain", "i01", "--pred", "maps", "--name", "a", "--name", "b", "--data", "toy", cwd=toy)
    assert done.returncode == 2
