"""Data sets of boxes and labels: what is in an image, and where."""

from __future__ import annotations

import functools
import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from saliency_eval.core import Lazy
from saliency_eval.datasets.base import Dataset
from saliency_eval.datasets.totals import Row, box_rows
from saliency_eval.errors import TRUTH, Problem, fail, shown
from saliency_eval.pool import Shape
from saliency_eval.regions.frames import Frame
from saliency_eval.regions.overlap import area

Integers = NDArray[np.int64]
NO_LABEL = -1
MOST_PIXELS = 1 << 27  # of an image whose size a file states; a map of it is made without a look at the image
LACKING = {"fixations": "fixations", "pool": "fixations of other images", "boxes": "boxes", "label": "labels",
           "target": "labels"}  # fmt: skip


class Labelled(NamedTuple):
    """What is in one image."""

    boxes: Integers  # (k, 4) top, left, bottom, right; half-open
    label: int = NO_LABEL  # number of the class in the data set's own order


class BoxTruth(NamedTuple):
    """The truth of all images in columns."""

    number: Mapping[str, int]  # of an image, by id
    shapes: Integers  # (images, 2) height, width
    labels: Integers  # (images,)
    starts: Integers  # (images + 1,) where the boxes of each image begin
    boxes: Integers  # (n, 4)

    def of(self, id: str) -> Labelled:
        """The part of one image."""
        number = self.number[id]
        return Labelled(self.boxes[slice(*self.starts[number : number + 2])], int(self.labels[number]))

    def shape_of(self, id: str) -> Shape:
        """Height and width of an image."""
        height, width = self.shapes[self.number[id]].tolist()
        return height, width

    @property
    def counts(self) -> Integers:
        """How many boxes each image has."""
        return np.diff(self.starts)

    @property
    def shares(self) -> NDArray[np.float64]:
        """The area of each box over that of its image."""
        return np.asarray(area(self.boxes) / np.repeat(self.shapes.prod(1), self.counts))

    def check(self) -> None:
        """Raises `unreadable` (exit 4) for a box that is empty or leaves its image, `too_large` for an image."""
        large = self.shapes.prod(1, dtype=np.float64) > MOST_PIXELS
        if large.any():
            id = [*self.number][int(np.argmax(large))]
            height, width = self.shape_of(id)
            text = f"image {shown(id)} must have at most {MOST_PIXELS} pixels, its size is stated as {width}x{height}"
            fail("too_large", text, "restore the official files", image=id, exit=TRUTH)
        starts, ends = self.boxes[:, :2], self.boxes[:, 2:]
        owners = np.repeat(np.arange(len(self.shapes)), self.counts)
        wrong = ((starts < 0) | (starts >= ends) | (ends > self.shapes[owners])).any(1)
        if wrong.any():
            number = int(np.argmax(wrong))
            id = [*self.number][owners[number]]
            (height, width), box = self.shape_of(id), self.boxes[number].tolist()
            text = f"image {shown(id)}: a box must lie inside {width}x{height}, got (top, left, bottom, right) {box}"
            fail("unreadable", text, "restore the official files", image=id, exit=TRUTH)

    def sha256(self, class_names: tuple[str, ...]) -> str:
        """Hash of the truth as it is scored: ids, shapes, labels and boxes, and what the classes are called."""
        digest = hashlib.sha256()
        for names in (self.number, class_names):
            digest.update(f"{len(names)}\0".encode())
            digest.update("".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape"))
        for column in (self.shapes, self.labels, self.starts, self.boxes):
            digest.update(column.astype("<i8").tobytes())
        return digest.hexdigest()


class BoxDataset(Dataset):
    """Stimuli with boxes and a label; an adapter reads those of one image, and names the classes.

    Fields: `boxes` (k, 4) half-open pixels, `label` the number of the class, `label_name`. Seen in a frame, boxes
    and image are those of the frame; `frame` is that frame, `image_shape` the height and width of the image itself.
    """

    subject = "boxes"
    any_size = True
    truth_fields = ("boxes", "label")

    @abstractmethod
    def labelled(self, id: str) -> Labelled:
        """Boxes and label of one image, in the pixels of the image itself."""

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called, by number."""

    def size_of(self, id: str) -> Shape:
        """Height and width of the image itself, as an adapter finds them."""
        return super().shape_of(id)

    def picture_of(self, id: str) -> NDArray[np.uint8]:
        """The image itself, RGB (height, width, 3)."""
        return super().image_of(id)

    def true_size(self, id: str) -> Shape:
        """Height and width of the image itself, also in a copy that has no tables."""
        return self.truth.shape_of(id) if "truth" in self.__dict__ else self.size_of(id)

    # -------------------------------------------------------------- the frame

    def framed(self, frame: Frame) -> Self:
        """The same data set, of whose images a frame is seen; its tag and hash stay, and its truth is read once."""
        return self if frame == self.frame else self._with(frame=frame)

    def part(self, ids: Iterable[str]) -> Self:
        """The same data set with some of its images; tag and hash are those of the whole."""
        return self._with(is_part=True, paths={id: self.paths[id] for id in ids})

    def _with(self, **attributes: Any) -> Self:
        """The same data set with other attributes, whose truth is not read again."""
        found = object.__new__(type(self))
        found.__dict__ = {"truth": self.truth, "sha256": self.sha256, **self.__dict__, **attributes}
        return found

    def shape_of(self, id: str) -> Shape:
        """Height and width of what is seen of an image."""
        return self.frame.shape(self.true_size(id))

    def image_of(self, id: str) -> NDArray[np.uint8]:
        """What is seen of an image, RGB (height, width, 3)."""
        return in_frame(self.picture_of(id), self.frame)

    def boxes_of(self, id: str) -> NDArray[Any]:
        """Boxes as they are seen: whole pixels, unless the frame moves them and does not round."""
        boxes = self._known(id).boxes
        if self.frame.kind == "original":
            return boxes
        moved = self.frame.boxes(boxes, self.true_size(id))
        return moved if self.frame.corners == "exact" else moved.astype(np.int64)

    # -------------------------------------------------------------- the truth

    @functools.cached_property
    def truth(self) -> BoxTruth:
        """Boxes and labels of all images, read once; copies in other processes carry them along."""
        found = [self._read(id) for id in self.paths]
        truth = BoxTruth(
            {id: number for number, id in enumerate(self.paths)},
            np.array([self.size_of(id) for id in self.paths], np.int64).reshape(-1, 2),
            np.array([one.label for one in found], np.int64),
            np.cumsum([0, *(len(one.boxes) for one in found)]),
            np.concatenate([one.boxes for one in found]),
        )
        truth.check()
        return truth

    @functools.cached_property
    def sha256(self) -> str:
        return self.truth.sha256(self.class_names)

    def truth_of(self, id: str) -> dict[str, Any]:
        return {
            "boxes": Lazy(lambda: self.boxes_of(id)),
            "label": Lazy(lambda: self._known(id).label),
            "label_name": Lazy(lambda: self.name_of(self._known(id).label)),
            "frame": self.frame,
            "image_shape": Lazy(lambda: self.true_size(id)),
        }

    def name_of(self, label: int) -> str:
        """What a class is called; empty for an image without a label."""
        return "" if label == NO_LABEL else self.class_names[label]

    def counts(self, id: str) -> bool:
        found = self._known(id)
        return found.label != NO_LABEL or len(found.boxes) > 0

    def lacks(self, fields: Set[str]) -> str:
        has = {"boxes": len(self.truth.boxes) > 0, "labels": bool((self.truth.labels != NO_LABEL).any())}
        wanted = dict.fromkeys(what for field, what in LACKING.items() if field in fields)
        lacking = [what for what in wanted if not has.get(what)]
        return f"{' and '.join(lacking)}, and the data set has none" if lacking else ""

    def _known(self, id: str) -> Labelled:
        return self.truth.of(id) if "truth" in self.__dict__ else self._read(id)

    def _read(self, id: str) -> Labelled:
        return self.read_truth(id, self.labelled, "boxes")

    # -------------------------------------------------------------- findings

    def counted(self) -> Iterator[Row]:
        truth = self.truth
        shapes = {id: (int(h), int(w)) for id, (h, w) in zip(truth.number, truth.shapes, strict=True)}
        return box_rows(shapes, truth.counts, truth.shares, len(self.class_names), self.expected)

    def problems(self) -> list[Problem]:
        """Findings about the copy and its truth: too few images, images with neither box nor label."""
        bare = (self.truth.labels == NO_LABEL) & (self.truth.counts == 0)
        empty = [id for id, is_bare in zip(self.truth.number, bare.tolist(), strict=True) if is_bare]
        return [
            *([] if self.is_part else self.count_of_images()),
            *(Problem("empty_boxes", f"image {shown(id)} has no box and no label", image=id) for id in empty),
        ]


def in_frame(image: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """An image (height, width, 3) brought to a frame: bicubic as Pillow does it, then cropped."""
    if frame.kind == "original":
        return image
    from PIL import Image

    shape = image.shape[0], image.shape[1]
    height, width = frame.scaled(shape)
    if height * width > MOST_PIXELS:  # a line of pixels: what is cropped is all that is made
        (row, column), (rows, columns) = frame.corner(shape), frame.shape(shape)
        y, x = shape[0] / height, shape[1] / width
        box = (column * x, row * y, (column + columns) * x, (row + rows) * y)
        return np.asarray(Image.fromarray(image).resize((columns, rows), Image.Resampling.BICUBIC, box))
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return frame.cut(np.asarray(resized), shape)
