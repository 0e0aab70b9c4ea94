"""The table of protocols, frozen: whoever changes a published way of scoring has to change it here as well."""

import pytest

from saliency_eval.protocols import PROTOCOLS, SETS, names_of, protocol

EPS = "2.220446049250313e-16"
ANTONIO = (
    "density.source:fixations|density.border:antonio|density.fc:8|"
    "density.duplicates:unique|density.normalise:none"
)
OTHERS = "other_fixations.other_duplicates:{}|other_fixations.exclude_own:{}|other_fixations.rescale:points"
BASELINE = "baseline.model:centre_bias|baseline.sigma:24|baseline.mix:0.01"


def blurred(border, sigma, duplicates, normalise="none"):
    return (
        f"density.source:fixations|density.border:{border}|density.sigma:{sigma}|density.truncate:4"
        f"|density.duplicates:{duplicates}|density.normalise:{normalise}"
    )


REFLECT_24 = blurred("reflect", 24, "count")
REFLECT_19 = blurred("reflect", 19, "unique")
ZERO_24 = blurred("zero", 24, "count")
EXACT_SHUFFLED = (
    "shuffled_auc|estimator:exact|splits:expected|duplicates:count|"
    + OTHERS.format("count", "false")
    + "|other_images.others:all"
)
GRID_SHUFFLED = (
    "shuffled_auc|estimator:grid|splits:expected|step:0.1|top:include|duplicates:unique|constant:chance|"
    + OTHERS.format("unique", "false")
)
BORJI = "auc_borji|splits:expected|step:0.1|top:include|duplicates:unique|constant:chance"
GAIN = f"ig|normalise:minmax|eps:{EPS}|duplicates:unique|constant:chance|{BASELINE}"
GAIN_19 = GAIN.replace("baseline.sigma:24", "baseline.sigma:19")

TABLE = {  # name: resize rule, metrics by default, metrics when named
    "mit": (
        "matlab",
        [
            "auc_judd|ties:expected|negatives:unfixated|duplicates:unique",
            BORJI,
            GRID_SHUFFLED + "|other_images.others:10|other_images.seed:0",
            "nss|ddof:1|duplicates:unique|constant:chance",
            f"cc|constant:chance|{ANTONIO}",
            f"sim|normalise:minmax|constant:chance|{ANTONIO}",
            f"kld|form:inside|eps:{EPS}|negative:real|constant:chance|{ANTONIO}",
        ],
        [GAIN, f"emd|cell:32|unit:cells|constant:chance|{ANTONIO}"],
    ),
    "tuebingen": (
        "error",
        [
            "auc|negatives:all|duplicates:count",
            "auc_judd|ties:grouped|negatives:unfixated|duplicates:unique",
            EXACT_SHUFFLED,
            "nss|ddof:0|duplicates:count|constant:chance",
            f"cc|constant:chance|{REFLECT_24}",
            f"sim|normalise:sum|{REFLECT_24}",
            f"kld|form:inside|eps:2.2204e-16|negative:shift|constant:chance|{REFLECT_24}",
        ],
        [f"ig|normalise:sum|eps:0|duplicates:count|{BASELINE}"],
    ),
    "salicon2017": (
        "matlab",
        [
            GRID_SHUFFLED + "|other_images.others:all",
            "nss|ddof:1|duplicates:unique|constant:chance",
            f"cc|constant:chance|{REFLECT_19}",
            "auc_judd|ties:expected|negatives:unfixated|duplicates:unique",
            BORJI,
            f"sim|normalise:minmax|constant:chance|{REFLECT_19}",
            f"kld|form:inside|eps:{EPS}|negative:real|constant:chance|{REFLECT_19}",
        ],
        [GAIN_19],
    ),
    "salicon2015": (
        "zoom3",
        [
            "auc_borji|splits:expected|step:0.01|top:exclude|duplicates:count|constant:chance",
            "shuffled_auc|estimator:grid|splits:expected|step:0.01|top:exclude|duplicates:count|constant:chance|"
            + OTHERS.format("unique_per_image", "true")
            + "|other_images.others:all",
            "nss|ddof:0|duplicates:count|constant:chance",
            f"cc|constant:chance|{blurred('reflect', 19, 'unique', 'minmax')}",
        ],
        [],
    ),
    "exact": (
        "matlab",
        [
            "auc|negatives:all|duplicates:count",
            "auc_judd|ties:grouped|negatives:unfixated|duplicates:count",
            EXACT_SHUFFLED,
            "nss|ddof:0|duplicates:count|constant:chance",
            f"cc|constant:chance|{ZERO_24}",
            f"sim|normalise:sum|{ZERO_24}",
            f"kld|form:floor|floor:1e-20|negative:shift|constant:chance|{ZERO_24}",
        ],
        [
            f"ig|normalise:sum|eps:1e-20|duplicates:count|{BASELINE}",
            f"emd|cell:32|unit:cells|constant:chance|{ZERO_24}",
        ],
    ),
}


SALIENCY_METRIC = (
    "saliency_metric|rule:mean|alpha:1|strict:true|sign:rule"
    "|component:largest|connectivity:4|a_min:0.05|empty:full"
)
INSERTION = (
    "insertion_curve.step:1792|insertion_curve.label:pred"
    "|insertion_curve.substrate:blur|insertion_curve.blur:rise"
)
DELETION = "deletion_curve.step:1792|deletion_curve.label:pred|deletion_curve.substrate:mean"

BOXES = {  # name: frame, resize rule, metrics by default, metrics when named
    "fong2017": (
        "original",
        "bilinear",
        ["localisation_error|rule:mean|alpha:oracle|component:none|strict:false|sign:rule|iou:0.5|strict_iou:false"
         "|empty:full"],
        ["pointing_game|tolerance:0|ties:expected|average:micro|sign:keep"],
    ),
    "casme": (
        "crop224-casme",
        "bilinear",
        ["localisation_error|rule:quantile|component:largest|connectivity:4|strict:true|sign:rule|iou:0.5"
         "|strict_iou:true|empty:none"],
        [SALIENCY_METRIC],
    ),
    "wsol-v1": ("squash224-wsol", "pillow", ["max_box_acc|version:v1|connectivity:8|sign:keep"], []),
    "wsol-v2": ("squash224-wsol", "pillow", ["max_box_acc|version:v2|connectivity:8|sign:keep"], []),
    "dabkowski2017": (
        "original",
        "bilinear",
        [SALIENCY_METRIC,
         "localisation_error|rule:mean|alpha:1|component:none|strict:false|sign:rule|iou:0.5|strict_iou:false"
         "|empty:none"],
        [],
    ),
    "torchray-pointing": (
        "original",
        "bilinear",
        ["pointing_game|tolerance:15|ties:first|average:macro|sign:keep"],
        ["energy_pointing|sign:positive"],
    ),
    "rise": (
        "squash224",
        "bilinear",
        [f"insertion_auc|{INSERTION}", f"deletion_auc|{DELETION}"],
        [f"ssr_area|tau:0.9|relative:true|{INSERTION}", f"sdr_area|tau:0.9|relative:true|{DELETION}"],
    ),
}  # fmt: skip


def bound(variants):
    return [str(v.bound({"sigma": 24.0})) for v in variants]


def test_there_are_no_other_protocols():
    assert names_of("fixations") == list(TABLE)
    assert names_of("boxes") == list(BOXES)
    assert list(PROTOCOLS) == [*TABLE, *BOXES]
    assert all(PROTOCOLS[name].name == name for name in TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_protocols_is_unchanged(name):
    resize, default, further = TABLE[name]
    found = protocol(name)
    assert found.resize == resize
    assert bound(found.variants()) == default
    assert [text.partition("(")[0] for text in found.further] == [line.partition("|")[0] for line in further]
    named = [line.partition("|")[0] for line in (*default, *further)]
    assert bound(found.variants(named)) == default + further


def test_the_named_sets_are_unchanged():
    core = ("auc_judd", "shuffled_auc", "nss", "cc", "sim", "kld")
    assert dict(SETS) == {
        "core": core,
        "fixation": (*core, "auc_borji"),
        "density": (*core, "auc_borji", "emd"),
    }


@pytest.mark.parametrize("name", BOXES)
def test_the_table_of_protocols_of_boxes_is_unchanged(name):
    frame, resize, default, further = BOXES[name]
    found = protocol(name)
    assert (str(found.frame), found.resize) == (frame, resize)
    named = [line.partition("|")[0] for line in (*default, *further)]
    assert bound(found.variants()) == default
    assert bound(found.variants(named)) == default + further
    assert [text.partition("(")[0] for text in found.further] == named[len(default) :]
