"""The XML files of ILSVRC: size, class and boxes of one image. Document types and entities are refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

import numpy as np

from saliency_eval.datasets.box_files import INCLUSIVE, checked_boxes
from saliency_eval.datasets.files import read_file
from saliency_eval.datasets.folder_files import refuse
from saliency_eval.datasets.gaze import Integers
from saliency_eval.errors import SaliencyEvalError, shown
from saliency_eval.pool import Shape

MOST_BYTES = 2**20
MOST_DIGITS = 8
SIDES = ("ymin", "xmin", "ymax", "xmax")


class Annotation(NamedTuple):
    """What the file says of its image."""

    shape: Shape
    wnid: str
    boxes: Integers  # (k, 4) half-open


def read_annotation(path: Path) -> Annotation:
    """Size, class and boxes, 0-based, the last pixel inside; raises `unreadable` (exit 4) with the file."""
    root = parsed(path)
    height, width = (number(path, root, f"size/{side}") for side in ("height", "width"))
    objects = root.findall("object")
    names = {found.findtext("name", "").strip() for found in objects}
    if len(names) != 1:
        listed = ", ".join(map(shown, sorted(names))) or "none"
        refuse(path, f"must hold objects of one class, got {listed}")
    sides = [[number(path, found, f"bndbox/{side}") for side in SIDES] for found in objects]
    shapes = [(height, width)] * len(objects)
    boxes = np.array(sides, np.float64)
    places = range(1, len(objects) + 1)
    return Annotation(
        (height, width), names.pop(), checked_boxes(path, places, boxes, shapes, INCLUSIVE, "object")
    )


def number(path: Path, element: ET.Element, name: str) -> int:
    """A whole number below an element; raises `unreadable` (exit 4)."""
    text = element.findtext(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS):
        refuse(path, f"must hold a whole number {element.tag}/{name}, got '{shown(text)}'")
    return int(text)


def parsed(path: Path) -> ET.Element:
    """The elements of a file; raises `unreadable` (exit 4), also for a document type, which could hold entities."""
    builder, parser = ET.TreeBuilder(), expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = lambda *_: refuse(
        path, "must have no document type", "remove <!DOCTYPE ...>"
    )
    try:
        parser.Parse(read_file(path, MOST_BYTES), True)
    except expat.ExpatError as error:
        refuse(path, f"is not XML: {expat.ErrorString(error.code)}, line {error.lineno}")
    except SaliencyEvalError:
        raise
    except (LookupError, ValueError) as error:  # of an encoding that Python has not, or not for text
        refuse(path, f"is not XML in UTF-8: {shown(error, 120)}", "write it again in UTF-8")
    return builder.close()
