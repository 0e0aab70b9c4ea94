"""Agreement with implementations that nobody here wrote: every pass/fail row of the oracle table.

`bars.csv` names, for each family of rows, the options that reproduce it; they are read from its text, so no
row is chosen by hand.
"""

import csv
import json
import re
import subprocess
import sys
from collections import defaultdict
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from saliency_eval import fields
from saliency_eval import metrics as _declared  # noqa: F401  (declares the metrics)
from saliency_eval.core import Fields
from saliency_eval.maps import Map
from saliency_eval.pool import Pool
from saliency_eval.resize import resize
from saliency_eval.variant import parse

SHAPE = (600, 800)
CALL = re.compile(r"(\w+)(?:\((.*)\))?")


@pytest.fixture(scope="session")
def oracle(shared, tmp_path_factory):
    folder = shared / "oracle"
    if not folder.is_dir():
        pytest.skip(f"no oracle: {folder} is absent")
    maps = tmp_path_factory.mktemp("oracle") / "predictions"
    subprocess.run(
        [sys.executable, folder / "make_maps.py", shared / "data" / "OSIE", "--out", maps],
        check=True,
        capture_output=True,
    )
    return Oracle(folder, maps)


class Oracle:
    """The ground truth, the maps and the values of the table."""

    def __init__(self, folder, maps):
        self.maps = maps
        self.info = json.loads((folder / "gt" / "images.json").read_text())
        self.gt = {
            name: dict(np.load(folder / "gt" / f"{name}.npz"))
            for name in ("fixations", "others", "density_sigma24", "baseline_sigma48")
        }
        self.rows = list(csv.DictReader((folder / "oracle.csv").read_text().splitlines()))
        self.bars = list(csv.DictReader((folder / "bars.csv").read_text().splitlines()))
        self.of_family = defaultdict(list)
        for row in self.rows:
            self.of_family[row["implementation"], row["metric"], row["variant"], row["kind"]].append(row)
        self.prediction = lru_cache(8)(self.prediction)
        self.truth = lru_cache(8)(self.truth)

    def family(self, bar):
        return [
            row
            for kind in bar["kinds"].split(";")
            for row in self.of_family[bar["implementation"], bar["metric"], bar["variant"], kind]
        ]

    def prediction(self, kind, image, rule, scale):
        path = next((self.maps / kind).glob(f"{image}.*"))
        values = np.load(path) if path.suffix == ".npy" else np.asarray(Image.open(path)) / scale
        return Map(resize(values, SHAPE, rule) if rule else values)

    def truth(self, image):
        fix, others = self.gt["fixations"], self.gt["others"]
        points = np.column_stack([fix[f"{image}_row"], fix[f"{image}_col"]]).astype(np.int64)
        every = np.column_stack([others["pool_row"], others["pool_col"]]).astype(np.int64)
        numbers = others["pool_image"]
        images = [(str(n), SHAPE, every[numbers == n]) for n in range(24)]
        return Fields(
            str(self.info["pool_number"][image]),
            shape=SHAPE,
            fixations=points,
            pool=Pool.of(images),
            m10=np.column_stack([others[f"{image}_m10_row"], others[f"{image}_m10_col"]]).astype(np.int64),
            stored_density=lambda: unpack(self.gt["density_sigma24"][image]),
            stored_baseline=Map(unpack(self.gt["baseline_sigma48"][image])),
        )


def unpack(differences):
    summed = np.cumsum(differences, 0, dtype=np.int32)
    return np.cumsum(summed, 1, dtype=np.int32).astype(np.uint16)


def own_value(oracle, bar, row):
    """Our value under the options that the bar names."""
    call, _, rest = bar["options"].partition(";")
    rule = rest.partition("resize=")[2].strip() or ("" if bar["metric"] == "EMD" else DEFAULT_RESIZE)
    image, kind = row["image"], row["kind"]
    truth = oracle.truth(image)
    if kind == "-":
        return statistic(call, truth)
    if bar["status"] == "convention":
        call, rule = convention_call(bar)
    scale = 255 if bar["implementation"] == "salicon_eval" or "salicon" in bar["variant"] else 1
    saliency = oracle.prediction(kind, image, rule, scale)
    variant, given = variant_of(call, bar, truth)
    return variant(truth.child(saliency=saliency, **given))


DEFAULT_RESIZE = "matlab"


def variant_of(call, bar, truth):
    """The variant of a call as the bar writes it, and the fields that it takes from the stored truth."""
    name, inner = CALL.match(call.strip()).groups()
    options = dict(p.split("=", 1) for p in re.split(r",\s*(?![^(]*\))", inner or "") if "=" in p)
    given, text = {}, {}
    if name in ("cc", "sim", "kld", "emd"):
        text |= density_options(options.pop("density", ""), bar["variant"])
    if name == "ig":
        options.pop("baseline", None)
        given["baseline"] = truth["stored_baseline"]
    if (name == "shuffled_auc" and options.get("others") == "m10") or "m10" in bar["variant"]:
        options.pop("others", None)
        given["other_fixations"] = truth["m10"]
    elif name == "shuffled_auc":
        per_image = "unique" in options.get("others", "") + options.get("other_duplicates", "") or (
            "salicon" in bar["implementation"] + bar["variant"]
        )
        options["others"] = "all"
        options["other_duplicates"] = "unique_per_image" if per_image else "count"
    if "salicon" in bar["implementation"] + bar["variant"] and name in ("shuffled_auc", "auc_borji"):
        options["duplicates"] = "count"
    options.pop("distance", None)
    if name == "emd":
        options.pop("negative", None)
    if "realpart" in bar["variant"]:
        options["negative"] = "real"
    joined = ",".join(f"{k}={v}" for k, v in {**options, **text}.items())
    return parse(f"{name}({joined})"), given


def density_options(text, variant):
    """Options of the density field; stored files are the default of the table."""
    if "antonio" in text + variant:
        return {"border": "antonio"}
    if "sigma=19" in text or "salicon_gt" in variant:
        return {"sigma": "19", "border": "reflect"}
    return {"density.source": "file"}


def convention_call(bar):
    """Rows of constant maps: the call of the same column with the convention that the bar names."""
    key = {"AUC_Judd": "auc_judd", "AUC_Borji": "auc_borji", "AUC_shuffled": "shuffled_auc", "NSS": "nss",
           "CC": "cc", "SIM": "sim", "KL": "kld", "IG": "ig", "EMD": "emd"}[bar["metric"]]  # fmt: skip
    chance = "chance" in bar["options"] or "as the uniform" in bar["options"]
    options = {"auc_judd": ["ties=sequential"], "kld": ["negative=shift", "eps=2.2204e-16"]}.get(key, [])
    if key == "nss" and "unique" not in bar["variant"] and bar["implementation"] == "pysaliency":
        options = ["ddof=0", "duplicates=count"]
    return f"{key}({','.join([*options, 'constant=' + ('chance' if chance else 'nan')])})", "matlab"


def statistic(call, truth):
    """Statistics of a density map."""
    inner, reading = re.match(r"density\((.*?)\)(.*)", call.strip()).groups()
    text = dict(p.strip().split("=") for p in inner.split(","))
    options = {k: float(v) if v.replace(".", "").isdigit() else v for k, v in text.items()}
    values = fields.density(truth["fixations"], SHAPE, **options).values
    return {".sum()": values.sum, ".max()": values.max, ".min()": values.min,
            "[299, 399]": lambda: values[299, 399]}[reading]()  # fmt: skip


def agrees(bar, row, own):
    value = float(row["value"] or "nan")
    if np.isnan(value) or np.isinf(value):
        return np.array_equal(value, own, equal_nan=True)
    tolerance = float(bar["abs_tol"] or 0)
    if bar["status"] == "mean":
        stderr = float(row["stderr"] or 0)
        if stderr == 0:
            return True  # a single run is no bar
        tolerance = max(tolerance, float(bar["se_tol"]) * stderr)
    return abs(own - value) <= tolerance


def test_every_row_belongs_to_one_bar(oracle):
    assert sum(len(oracle.family(bar)) for bar in oracle.bars) == len(oracle.rows) == 5224


@pytest.mark.parametrize(("status", "rows"), [("exact", 3966), ("mean", 264), ("convention", 180)])
def test_every_pass_fail_row_agrees(oracle, status, rows):
    bars = [bar for bar in oracle.bars if bar["status"] == status]
    pairs = [(bar, row) for bar in bars for row in oracle.family(bar)]
    wrong = []
    for bar, row in sorted(
        pairs, key=lambda pair: (pair[1]["image"], pair[1]["kind"])
    ):  # each map is read once
        own = own_value(oracle, bar, row)
        if not agrees(bar, row, own):
            wrong.append((bar["implementation"], bar["metric"], bar["variant"], row["kind"], row["image"],
                          row["value"], own))  # fmt: skip
    assert not wrong, f"{len(wrong)} of {len(pairs)} rows differ, first: {wrong[:5]}"
    assert len(pairs) == rows


def test_a_changed_denominator_is_noticed(oracle, monkeypatch):
    bar = next(b for b in oracle.bars if b["metric"] == "NSS" and b["status"] == "exact")
    row = oracle.family(bar)[0]
    assert agrees(bar, row, own_value(oracle, bar, row))
    plain = Map.deviation
    monkeypatch.setattr(Map, "deviation", lambda self, ddof=0: plain(self, ddof) * (1 + 5e-5))
    assert not agrees(bar, row, own_value(oracle, bar, row))
