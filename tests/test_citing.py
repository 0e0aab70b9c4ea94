"""What is cited for what, and that it is BibTeX whatever the texts of others hold."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import NAMES, made

from saliency_eval.citing import Cited, cite, entries, of_source
from saliency_eval.cli.cite import entry
from saliency_eval.core import METRICS, MODELS
from saliency_eval.errors import SaliencyEvalError
from saliency_eval.store import save

KNOWN = {"auc", "auc_judd", "auc_borji", "shuffled_auc", "nss", "cc", "sim", "kld", "emd", "ig"}
ROOT = Path(__file__).resolve().parent.parent
ENTRY = re.compile(r"@(\w+)\{(\w+),\n(?:  \w+ = \{.*(?:\n    .*)*\},\n)*  \w+ = \{.*\}\n\}")


def carded(model, citation, **fields):
    run = made(model, **fields)
    return replace(run, data=run.data._replace(citation=citation))


def used(found):
    """What each publication is cited for, by its key."""
    return {one.key: one.used for one in found}


def test_all_entries_are_bibtex_and_have_keys_of_their_own():
    found = [ENTRY.fullmatch(text) for text in entries()]
    assert all(found)
    assert len({match[2] for match in found}) == len(found)
    assert all(text.count("{") == text.count("}") for text in entries())


@pytest.mark.parametrize("name", [*METRICS, *MODELS])
def test_every_source_gives_an_entry(name):
    """A new metric touches one file: its source is an address until references.bib knows it."""
    source = (METRICS[name] if name in METRICS else MODELS[name]).traits["source"]
    if source == "definition":
        assert cite([name])[0] == cite([])[0]
        return
    text = of_source(name, source)
    assert ENTRY.fullmatch(text)
    assert re.search(
        rf"  (doi|url) = \{{(https?://(.*/)?)?{re.escape(source.partition(':')[2].lstrip('/'))}\}}", text
    )


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_sources_have_authors_and_title(name):
    text = of_source(name, METRICS[name].traits["source"])
    assert "  author = {" in text
    assert "  title = {" in text


def test_a_source_that_is_not_known_is_its_address():
    assert of_source("new", "doi:10.1/x") == "@misc{new,\n  url = {https://doi.org/10.1/x}\n}"
    assert of_source("new", "arXiv:1604.03605") == "@misc{new,\n  url = {https://arxiv.org/abs/1604.03605}\n}"
    assert "{10.1167/7.14.4}" in of_source("new", "doi:10.1167/7.14.4")
    assert of_source("new", "https://x.org/1") == "@misc{new,\n  url = {https://x.org/1}\n}"
    assert of_source("dva", MODELS["dva"].traits["source"]).startswith("@inproceedings{hou2008dynamic,")
    assert of_source("new", "doi:10.1167/7.14").startswith("@misc{new,")  # a part of a DOI is another one


def test_the_package_comes_first_as_its_own_file_says():
    [package] = cite([])[0]
    given = (ROOT / "CITATION.cff").read_text()
    for key, name in (("title", "title"), ("version", "version"), ("name", "author")):
        [text] = re.findall(rf'^ *-? *{key}: "?(.*?)"?$', given, re.MULTILINE)
        assert text.replace("_", "\\_") in re.search(rf"{name} = \{{+(.*?)\}}", package.text)[1]


def test_runs_of_a_folder_and_names(tmp_path):
    save(carded("a", "@misc{toy,\n}", source="centre_bias|width:1"), tmp_path)
    save(carded("b", "@misc{toy,\n}", seed=1, labels=("auc_judd", "sim")), tmp_path)
    found, problems = cite([str(tmp_path), "mit1003", "nss"])
    assert problems == []
    assert used(found) == {
        "saliency_eval": ("package saliency_eval",),
        "toy": ("data set toy@1",),
        "peters2005components": ("metric nss",),
        "kullback1951information": ("metric kld",),
        "tatler2007central": ("model centre_bias",),
        "judd2009learning": ("metric auc_judd", "data set mit1003@1"),
        "judd2012benchmark": ("metric sim",),
    }


def test_the_model_of_maps_that_run_made(tmp_path):
    (tmp_path / ".saliency-eval.json").write_text('{"model": "aim|patch:21|scale:0.5"}')
    assert [one.used for one in cite([str(tmp_path)])[0]] == [("package saliency_eval",), ("model aim",)]
    (tmp_path / ".saliency-eval.json").write_text('{"model": "mine#c0ffee00"}')
    assert len(cite([str(tmp_path)])[0]) == 1


def test_what_has_no_citation_comes_last_and_says_so(tmp_path):
    save(made(), tmp_path)
    found, _ = cite([str(tmp_path), "demo"])
    assert found[-1] == Cited(("data set toy@1", "data set demo@1"), "")
    assert entry(found[-1]) == "% data set toy 1; data set demo 1\n% no citation is stated"


def test_runs_of_models_of_others_cite_no_model(tmp_path):
    save(replace(made("mine"), source="grey#1f0c3a52|smooth:0"), tmp_path)
    found, problems = cite([str(tmp_path)])
    assert not problems
    assert not any(word.startswith("model ") for one in found for word in one.used)


def test_broken_runs_are_told_and_none_is_an_error(tmp_path):
    folder = save(made(), tmp_path)
    save(made("b", seed=1), tmp_path)
    (folder / "run.json").write_text("{")
    found, [problem] = cite([str(tmp_path)])
    assert ("metric nss",) in used(found).values()
    assert problem.code == "skipped_result"
    for words in ("must hold saved runs", "has none"):
        with pytest.raises(SaliencyEvalError, match=words) as error:
            cite([str(ROOT / "tests")])
        assert error.value.exit_code == 3
    with pytest.raises(
        SaliencyEvalError, match=r"'nsss' is no folder, data set, metric or model. Did you mean nss\?"
    ):
        cite(["nsss"])


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_plain_citations_and_names_of_others_are_no_entries(name):
    """BibTeX reads from an `@` on, and passes over everything before it."""
    text = entry(Cited((f"data set {name}@1",), f"see {name} @misc{{x,\n}}"))
    assert "@" not in text
    assert all(line.startswith("% ") for line in text.split("\n"))
    assert text.isprintable() or not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_the_command(tmp_path):
    folder = save(carded("a", "Judd 2009"), tmp_path)
    command = [sys.executable, "-m", "saliency_eval", "cite", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("% package saliency_eval\n@software{saliency_eval,\n")
    assert (
        "\n\n% data set toy 1\n% Judd 2009\n\n% metric nss\n@article{peters2005components,\n" in done.stdout
    )
    done = subprocess.run([*command, "demo", "--format", "json"], capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    assert document["command"] == "cite"
    assert [one["used"] for one in document["results"]][1:] == [
        ["data set toy@1"], ["metric nss"], ["metric kld"], ["data set demo@1"]
    ]  # fmt: skip
    assert document["results"][-1]["citation"] is None
