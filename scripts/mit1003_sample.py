"""The data set of the board `mit1003-sample`, from two public repositories, as an own folder.

100 stimuli of MIT1003 (cvzoya/saliency 5951cdc, code_forOptimization/100_ICCV_STIMULI) and the fixations that
HeHuangDortmund/STASA_ms bd7cfe6 detected anew in the official recordings (data/Fixation_MIT1003.Rda, written as CSV).
They are not the official fixations. As in the official protocol the first of each observer is left out.

python scripts/mit1003_sample.py STIMULI FIXATIONS.csv.gz OUT
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

CARD = """name = "mit1003-sample"
version = "1"
summary = "100 images of MIT1003 with fixations detected anew by the R package saccades at 250 Hz"
licence = "none stated: never redistribute"
source = "https://github.com/cvzoya/saliency, https://github.com/HeHuangDortmund/STASA_ms"
citation = "Judd, Ehinger, Durand, Torralba 2009, doi:10.1109/ICCV.2009.5459462"
observers = 15
seconds = 3
sigma = 23.99
blur = "cut-off fc = 8 of the MIT benchmark on a square of 1024 px"
"""


def pixels(table: pd.DataFrame, sizes: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Image, row, column and observer of every fixation but the first on an image that it hits."""
    table = table.sort_values(["Stimulus", "Participant", "Event_Start_Trial_Time_ms"], kind="stable")
    table = table[table.groupby(["Stimulus", "Participant"]).cumcount() > 0]
    table = table[table["Stimulus"].isin(list(sizes))].dropna(subset=["Fixation_Position_X_px"])
    columns, rows = (np.floor(table[f"Fixation_Position_{axis}_px"]).astype(int) for axis in "XY")
    width, height = np.array([sizes[name] for name in table["Stimulus"]]).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    found = {"image": table["Stimulus"], "row": rows, "column": columns, "observer": table["Participant"]}
    return pd.DataFrame(found)[inside]


def main(stimuli: Path, fixations: Path, out: Path) -> None:
    """Write the folder."""
    (out / "stimuli").mkdir(parents=True)
    sizes = {}
    for path in sorted(stimuli.glob("*.jpg")):
        shutil.copy(path, out / "stimuli" / path.name)
        with Image.open(path) as image:
            sizes[path.stem] = image.size
    pixels(pd.read_csv(fixations), sizes).to_csv(out / "fixations.csv", index=False, lineterminator="\n")
    (out / "dataset.toml").write_text(CARD)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
