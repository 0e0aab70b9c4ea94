"""What every data set is: stimuli by id, read lazily from the official layout, and a card."""

from __future__ import annotations

import functools
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Lazy, Stimulus
from saliency_eval.datasets.card import Card
from saliency_eval.datasets.files import image_shape, natural, no_folder, path_of, read_image
from saliency_eval.datasets.totals import Row
from saliency_eval.errors import TRUTH, Problem, SaliencyEvalError, fail, nearest, shown, unknown
from saliency_eval.options import show
from saliency_eval.pool import Shape
from saliency_eval.regions.frames import Frame

T = TypeVar("T")
Choices = Mapping[str, tuple[str, ...]]  # option: accepted values, default first
EDITION = "edition"  # the option that chooses among editions: it stands in the tag as the version


class Dataset(Mapping[str, Stimulus], ABC):
    """Stimuli by id in the natural order of their names.

    An adapter names its options (with the accepted values, default first), lists the images of a root and reads
    the truth of one image, which is of the kind of its base class: `FixationDataset` or `BoxDataset`.
    """

    key: str
    options: ClassVar[Choices] = {}
    subject: ClassVar[Literal["fixations", "boxes"]]  # the kind of its truth
    truth_fields: ClassVar[tuple[str, ...]]  # what an image is scored against, beside its shape
    has_files: ClassVar[bool] = True  # is there a copy on disk, which may be incomplete?
    frame = Frame()  # the part of each image that is seen
    is_part: bool = False  # are some of its images left out on purpose?
    any_size: ClassVar[bool] = False  # are maps of every size brought to their image, whatever their aspect?

    def __init__(self, root: str | Path, **options: object) -> None:
        self.root = path_of(root, "the root of a data set")
        self.card = Card.of(self.key)
        self.settings = {n: values[0] for n, values in self.options.items()}
        for name, value in options.items():
            self._set(name, str(value))
        self.check_root()
        if self.has_files:
            self.root = self.root.absolute()  # what is read later is found from any folder

    @classmethod
    def from_folder(cls, path: str | Path, **options: object) -> Dataset:
        """An own folder as a data set: `stimuli/` with `fixations.csv` or `.json`, or with `boxes.csv` alone.

        The cards `folder` and `boxes` show the layout.

        Raises `SaliencyEvalError`: `not_available`, `layout`, `unreadable`, `missing`, `ambiguous`.
        """
        from saliency_eval.datasets import own

        return own(path)(path, **options).ready()

    # -------------------------------------------------------------- what an adapter gives

    @abstractmethod
    def images(self) -> dict[str, Path]:
        """Stimulus files by id; raises `layout` when the root is not the official layout."""

    @abstractmethod
    def truth_of(self, id: str) -> dict[str, Any]:
        """The fields that say what an image is scored against, lazily."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Hash of the truth of all images as it is scored: ids, shapes and what each is scored against."""

    @abstractmethod
    def counts(self, id: str) -> bool:
        """Does the image have the truth that means are taken over?"""

    @abstractmethod
    def lacks(self, fields: Set[str]) -> str:
        """Which truth the data set would need for these fields, and does not have; empty when it has all."""

    @abstractmethod
    def counted(self) -> Iterator[Row]:
        """What a correct copy holds beside what this one holds."""

    @abstractmethod
    def problems(self) -> list[Problem]:
        """Findings about the copy and its truth."""

    def extra_fields(self, id: str) -> dict[str, Any]:
        """Further fields of a stimulus, such as `stored_density` (a callable that gives the map)."""
        return {}

    def check_root(self) -> None:
        """Raises `not_available` without a root."""
        if not os.path.isdir(self.root):  # false for a name that no system allows
            here = f"; the folder {self.key} here is ./{self.key}" if os.path.isdir(self.key) else ""
            fail(
                "not_available",
                f"data set {self.key} must lie in a folder, {no_folder(self.root)}",
                f"'saliency-eval data info {self.key}' says what to download and where to put it{here}",
            )

    @property
    def expected(self) -> Mapping[str, Any]:
        """The totals of a correct copy under these settings, as far as they are known."""
        return self.card.expected

    # -------------------------------------------------------------- what every data set has

    def framed(self, frame: Frame) -> Dataset:
        """The same data set in a frame; raises `undefined_metric` (exit 4) where truth cannot be moved there."""
        if frame.kind != "original":
            text = f"{self.key} holds no boxes, and its truth cannot be brought to the frame {frame}"
            fail(
                "undefined_metric",
                text,
                "choose a protocol of its kind, or a data set with boxes",
                exit=TRUTH,
            )
        return self

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

    @property
    def version(self) -> str:
        """The edition: official data of another edition is another data set."""
        return self.settings.get(EDITION, self.card.version)

    @property
    def tag(self) -> str:
        """The data set in a signature: id, edition, options other than the default, hash of the truth."""
        return f"{self.label}#{self.sha256[:8]}"

    @property
    def label(self) -> str:
        """The tag without the hash of the truth."""
        plain = {name: values[0] for name, values in self.options.items()}
        changed = [f"{k}={show(v)}" for k, v in self.settings.items() if v != plain[k] and k != EDITION]
        options = f"({','.join(changed)})" if changed else ""
        return f"{self.key}@{self.version}{options}"

    def __repr__(self) -> str:
        count = len(self.paths) if "paths" in self.__dict__ else "unlisted"
        where = f" in {shown(self.root, 500)}" if self.has_files else ""
        return f"<{self.label}: {count} images{where}>"

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

    def passed_over(self) -> list[Problem]:
        """Warnings of what lies among the images and looks like one, but cannot be one."""
        return []

    def image_of(self, id: str) -> NDArray[np.uint8]:
        """An image as RGB (height, width, 3)."""
        return read_image(self.paths[id])

    def read_truth(self, id: str, read: Callable[[str], T], what: str) -> T:
        """What is read of an image; whatever an adapter did not foresee is `unreadable` (exit 4)."""
        try:
            return read(id)
        except SaliencyEvalError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {shown(error, 200)}"
            text = f"image {shown(id)}: its {what} cannot be read ({why})"
            fail("unreadable", text, "restore the official files", image=id, exit=TRUTH)

    def __getitem__(self, id: str) -> Stimulus:
        if id not in self:
            unknown(f"image of {self.key}", str(id), list(self.paths)[:1000])
        fields: dict[str, Any] = {
            "path": self.paths[id],
            "shape": Lazy(lambda: self.shape_of(id)),
            "image": Lazy(lambda: self.image_of(id)),
        }
        return Stimulus(id, **fields | self.truth_of(id) | self.extra_fields(id))

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and id in self.paths

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along; names with an underscore are tables that can be read again."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def count_of_images(self) -> list[Problem]:
        """A warning when the card expects another number: scores of a part do not compare with others."""
        wanted, got = self.expected.get("images"), len(self.paths)
        if wanted in (None, got) or not self.has_files:
            return []
        text = f"{got} of {wanted} images of {self.card.name} are there; scores of another set do not compare"
        remedy = f"'saliency-eval data check {self.key}' compares the copy with its card"
        return [Problem("totals", text, remedy, severity_override="warning")]

    def _set(self, name: str, value: str) -> None:
        if name not in self.options:
            unknown(f"option of data set {self.key}", name, self.options)
        if value not in self.options[name]:
            text = f"{self.key}({name}=...) cannot be '{shown(value)}'"
            fail("usage", text, nearest(value, self.options[name]))
        self.settings[name] = value
