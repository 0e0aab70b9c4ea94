"""What every data set is: stimuli by id, read lazily from the official layout, and a card."""

from __future__ import annotations

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Lazy, Stimulus
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.files import image_shape, natural, no_folder, path_of, read_image
from saliency_eval.datasets.gaze import Gaze as Gaze
from saliency_eval.datasets.gaze import Integers as Integers
from saliency_eval.datasets.gaze import Numbers as Numbers
from saliency_eval.datasets.gaze import Truth as Truth
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, nearest, shown, unknown
from saliency_eval.options import show
from saliency_eval.pool import Pool, Shape

Choices = Mapping[str, tuple[str, ...]]  # option: accepted values, default first
EDITION = "edition"  # the option that chooses among editions: it stands in the tag as the version


class Dataset(Mapping[str, Stimulus], ABC):
    """Stimuli by id in the natural order of their names.

    An adapter names its options (with the accepted values, default first), lists the images of a root
    and reads the gaze of one image; everything else is here.
    """

    key: str
    options: ClassVar[Choices] = {}
    has_files: ClassVar[bool] = True  # is there a copy on disk, which may be incomplete?
    drops_by_rule: ClassVar[bool] = False  # the authors themselves leave out points outside the image

    def __init__(self, root: str | Path, **options: object) -> None:
        self.root = path_of(root, "the root of a data set")
        self.card = Card.of(self.key)
        self.settings = {n: values[0] for n, values in self.options.items()}
        for name, value in options.items():
            self._set(name, str(value))
        self.check_root()

    @classmethod
    def from_folder(cls, path: str | Path, **options: object) -> Dataset:
        """An own folder as a data set: `stimuli/` and `fixations.csv` or `.json`, see the card `folder`.

        Raises `SaliencyEvalError`: `not_available`, `layout`, `unreadable`, `missing`, `ambiguous`.
        """
        from saliency_eval.datasets.folder import Folder

        return Folder(path, **options).ready()

    # -------------------------------------------------------------- what an adapter gives

    @abstractmethod
    def images(self) -> dict[str, Path]:
        """Stimulus files by id; raises `layout` when the root is not the official layout."""

    @abstractmethod
    def gaze(self, id: str) -> Gaze:
        """Fixations of one image under the chosen pixel rule."""

    def extra_fields(self, id: str) -> dict[str, Any]:
        """Further fields of a stimulus, such as `stored_density` (a callable that gives the map)."""
        return {}

    def check_root(self) -> None:
        """Raises `not_available` without a root."""
        if not os.path.isdir(self.root):  # false for a name that no system allows
            fail(
                "not_available",
                f"data set {self.key} must lie in a folder, {no_folder(self.root)}",
                f"'saliency-eval data info {self.key}' says what to download and where to put it",
            )

    @property
    def withheld(self) -> bool:
        """Are the fixations not published?"""
        return False

    @property
    def expected(self) -> Mapping[str, Any]:
        """The totals of a correct copy under these settings, as far as they are known."""
        return self.card.expected

    # -------------------------------------------------------------- what every data set has

    def ready(self) -> Dataset:
        """The data set itself, once its layout has been found."""
        if not self.paths:
            fail(
                "layout",
                f"a data set must hold images, there are none in {shown(self.root, 500)}",
                f"'saliency-eval data info {self.key}' shows the layout",
            )
        return self

    @functools.cached_property
    def paths(self) -> dict[str, Path]:
        """Stimulus files by id, naturally sorted."""
        found = self.images()
        return {id: found[id] for id in sorted(found, key=natural)}

    @functools.cached_property
    def truth(self) -> Truth:
        """The gaze of all images, read once; copies in other processes carry it along."""
        gaze = {id: self._read_gaze(id) for id in self.paths}
        pool = Pool.of((id, self.shape_of(id), g.points) for id, g in gaze.items())
        observers = np.concatenate([g.observers for g in gaze.values()])
        return Truth(pool, observers, np.array([g.dropped for g in gaze.values()], np.int64))

    @functools.cached_property
    def pool(self) -> Pool:
        """The fixations of all images."""
        return self.truth.pool

    @property
    def version(self) -> str:
        """The edition: official data of another edition is another data set."""
        return self.settings.get(EDITION, self.card.version)

    @property
    def tag(self) -> str:
        """The data set in a signature: id, edition, options other than the default, hash of the truth."""
        return f"{self._label}#{self.pool.sha256[:8]}"

    @property
    def _label(self) -> str:
        plain = {name: values[0] for name, values in self.options.items()}
        changed = [f"{k}={show(v)}" for k, v in self.settings.items() if v != plain[k] and k != EDITION]
        options = f"({','.join(changed)})" if changed else ""
        return f"{self.key}@{self.version}{options}"

    def __repr__(self) -> str:
        count = len(self.paths) if "paths" in self.__dict__ else "unlisted"
        where = f" in {shown(self.root, 500)}" if self.has_files else ""
        return f"<{self._label}: {count} images{where}>"

    @property
    def defaults(self) -> dict[str, Any]:
        """Metric options that the data set decides, such as the blur."""
        return {"sigma": self.card.sigma} if self.card.sigma else {}

    @functools.cached_property
    def shapes(self) -> dict[str, Shape]:
        """The sizes that were asked for so far; copies in other processes carry them along."""
        return {}

    def shape_of(self, id: str) -> Shape:
        """Height and width of an image, from its header."""
        if id not in self.shapes:
            self.shapes[id] = image_shape(self.paths[id])
        return self.shapes[id]

    def image_of(self, id: str) -> NDArray[np.uint8]:
        """An image as RGB (height, width, 3)."""
        return read_image(self.paths[id])

    def density(self, id: str, path: Path) -> Callable[[], Numbers]:
        """The map stored for an image, to be read when it is asked for."""
        from saliency_eval.datasets.stored import read_density

        return functools.cache(lambda: read_density(path, id, self.shape_of(id)))

    def __getitem__(self, id: str) -> Stimulus:
        if id not in self:
            unknown(f"image of {self.key}", str(id), list(self.paths)[:1000])
        gaze = functools.cache(lambda: self._known_gaze(id))
        fields: dict[str, Any] = {
            "path": self.paths[id],
            "shape": Lazy(lambda: self.shape_of(id)),
            "image": Lazy(lambda: self.image_of(id)),
            "fixations": Lazy(lambda: gaze().points),
            "observers": Lazy(lambda: gaze().observers),
            "dropped": Lazy(lambda: gaze().dropped),
            "pool": Lazy(lambda: self.pool),
        }
        return Stimulus(id, **fields | self.extra_fields(id))

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and id in self.paths

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along; names with an underscore are tables that can be read again."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def problems(self) -> list[Problem]:
        """Findings about the copy and its truth: too few images, dropped points, images without a fixation."""
        if self.withheld:
            text = f"the fixations of {self.card.name} are withheld: metrics that need them are not defined"
            return [*self.count_of_images(), Problem("undefined_metric", text)]
        gaze = {id: self.truth.of(id) for id in self.paths}
        empty = [id for id, g in gaze.items() if not len(g.points)]
        return [
            *self.count_of_images(),
            *self.dropping({id: g for id, g in gaze.items() if g.dropped}),
            *(Problem("empty_fixations", f"image {shown(id)} has no fixation", image=id) for id in empty),
        ]

    def count_of_images(self) -> list[Problem]:
        """A warning when the card expects another number: scores of a part do not compare with others."""
        wanted, got = self.expected.get("images"), len(self.paths)
        if wanted in (None, got) or not self.has_files:
            return []
        text = f"{got} of {wanted} images of {self.card.name} are there; scores of another set do not compare"
        remedy = f"'saliency-eval data check {self.key}' compares the copy with its card"
        return [Problem("totals", text, remedy, severity_override="warning")]

    def dropping(self, gaze: Mapping[str, Gaze]) -> list[Problem]:
        """What is said of the images with points that were left out."""
        if self.drops_by_rule:
            total = sum(g.dropped for g in gaze.values())
            text = f"{total} fixations outside their image were left out, as the authors do"
            note = Problem("dropped_fixations", text, count=total, severity_override="note")
            return [note] if total else []
        return [
            Problem(
                "dropped_fixations",
                f"image {shown(id)}: {g.dropped} of {g.dropped + len(g.points)} fixations dropped, "
                + self.why_dropped(id, g),
                image=id,
                count=g.dropped,
            )
            for id, g in gaze.items()
        ]

    def why_dropped(self, id: str, gaze: Gaze) -> str:
        """What was wrong with the points that were left out."""
        return "outside the image"

    def _set(self, name: str, value: str) -> None:
        if name not in self.options:
            unknown(f"option of data set {self.key}", name, self.options)
        if value not in self.options[name]:
            text = f"{self.key}({name}=...) cannot be '{shown(value)}'"
            fail("usage", text, nearest(value, self.options[name]))
        self.settings[name] = value

    def _known_gaze(self, id: str) -> Gaze:
        return self.truth.of(id) if "truth" in self.__dict__ else self._read_gaze(id)

    def _read_gaze(self, id: str) -> Gaze:
        """The gaze of an image; whatever an adapter did not foresee is `unreadable` (exit 4)."""
        try:
            return self.gaze(id)
        except SaliencyEvalError:
            raise
        except Exception as error:
            text = f"image {shown(id)}: its fixations cannot be read ({type(error).__name__}: {shown(error, 200)})"
            fail("unreadable", text, "restore the official files", image=id, exit=TRUTH)
