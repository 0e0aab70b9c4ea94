"""The table that people read, whatever the format: rounded numbers, and in words what they rest on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from saliency_eval.boards.board import rounded

BASELINES = {"uniform", "centre_gaussian", "centre_bias"}
HEAVY_TAIL = 3
Json = Mapping[str, Any]
SECTIONS = {
    "ceiling": ("Ceiling", "What observers reach under the maps of the others. Not ranked."),
    "incomplete": ("Incomplete", "Some images were not scored; not ranked."),
    "mixed_signature": (
        "Other signatures",
        "Scored in another way; not to be compared with the table above.",
    ),
    "skipped_result": ("Not read", "Files of results that could not be used."),
}
REPORTED = "Published elsewhere, not comparable"
REPORTED_WHY = "Values as their sources print them: other code, other settings or other data. Not ranked."


class Note(NamedTuple):
    """A sentence in which names stand for `{}`."""

    text: str
    names: tuple[str, ...] = ()

    def said(self, escape: Callable[[str], str]) -> str:
        """The sentence, its names escaped for a format.

        >>> Note("by {}", ("a|b",)).said(lambda name: name.replace("|", "/"))
        'by a/b'
        """
        return self.text.format(*map(escape, self.names))


class Mean(NamedTuple):
    """A number as it is shown; `mark` is best, second or nothing."""

    mean: str
    half: str = ""
    groups: tuple[str, ...] = ()
    mark: str = ""


class Row(NamedTuple):
    """One model; `images` says how many were scored, and what had to be done to some."""

    rank: str
    model: str
    means: tuple[Mean, ...]
    of_ceiling: str
    images: str
    run: str


class Aside(NamedTuple):
    """A section below the table: its heading, a sentence, and rows of model, detail, run."""

    heading: str
    why: str
    rows: tuple[tuple[str, str, str], ...]


class Table(NamedTuple):
    """Names are as they were given: each format escapes them. `metrics` are labels with their direction."""

    title: str
    sentence: Note
    metrics: tuple[tuple[str, str], ...]
    of_ceiling: bool
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    signatures: tuple[str, ...]
    card: tuple[tuple[str, str], ...]
    citation: str
    asides: tuple[Aside, ...]
    reported: tuple[Json, ...]


def table(document: Json) -> Table:
    """The table of a board."""
    data, metrics, labels = document["dataset"], document["metrics"], document["order"]
    marks = {label: marks_of(document, label) for label in labels}
    return Table(
        f"{data['id']}@{data['version']}, protocol {document['protocol']}",
        Note(
            f"Means over {document['rows'][0]['n']} images \u00b1 half of their 95 % interval, best first by {{}}.",
            (document["primary"],),
        ),
        tuple((label, metrics[label]["better"]) for label in labels),
        has_share(document),
        tuple(row_of(document, place, marks) for place in range(len(document["rows"]))),
        tuple(notes(document)),
        tuple(metrics[label]["signature"] for label in labels),
        card(data),
        data["citation"] or "",
        tuple(asides(document)),
        tuple(document["reported"]),
    )


# ------------------------------------------------------------------ rows


def row_of(document: Json, place: int, marks: Mapping[str, Sequence[str]]) -> Row:
    """The row of one model."""
    row = document["rows"][place]
    means = tuple(mean_of(row["metrics"][label], marks[label][place]) for label in document["order"])
    norm = row["metrics"][document["primary"]]["norm"]
    share = "" if norm is None else f"{100 * norm + 0.0:.0f} %"
    return Row(row["rank"], name_of(row), means, share, images(row, document["dataset"]["n"]), row["run"])


def name_of(row: Json) -> str:
    """The model, marked where it is a baseline of this package."""
    known = row["source"].partition("|")[0] in BASELINES
    return f"{row['label']} (baseline)" if known else str(row["label"])


def mean_of(cell: Json, mark: str = "") -> Mean:
    """One number: `n/a` where there is none."""
    return Mean(*rounded(dict(cell)), tuple(cell.get("groups", ())), mark)


def marks_of(document: Json, label: str) -> list[str]:
    """By row: the best and all of its group, and the second where it is outside of that group."""
    cells = [row["metrics"][label] for row in document["rows"]]
    sign = -1 if document["metrics"][label]["better"] == "higher" else 1
    order = sorted(
        (k for k, c in enumerate(cells) if c["mean"] is not None), key=lambda k: sign * cells[k]["mean"]
    )
    best = set(cells[order[0]]["groups"]) if order else set()
    found = ["best" if best & set(cell["groups"]) else "" for cell in cells]
    if len(order) > 1 and not found[order[1]]:
        found[order[1]] = "second"
    return found


def images(row: Json, of: int) -> str:
    """How many images count, and in words how many maps were resized or missing."""
    parts = [f"{row['n']}/{of}"]
    rule, count = counted(row["resize"])
    if rule != "none":
        parts.append(f"{maps(count)} resized")
    rule, count = counted(row["missing"])
    if rule != "none":
        parts.append(f"{maps(count)} missing, scored as {rule}")
    return ", ".join(parts)


def counted(field: str | None) -> tuple[str, str]:
    """Rule and count of a field of a signature.

    >>> counted("mit(3)"), counted(None)
    (('mit', '3'), ('none', ''))
    """
    match = re.fullmatch(r"(.*)\(([0-9]+)\)", field or "none", re.DOTALL)
    return (match[1], match[2]) if match else (field or "none", "")


def maps(count: str) -> str:
    """So many maps."""
    return "1 map" if count == "1" else f"{count} maps".strip()


# ------------------------------------------------------------------ below the table


def notes(document: Json) -> Iterator[Note]:
    """What the numbers rest on, in sentences."""
    draws, flips = document["bootstrap"]["b"], document["flips"]["b"]
    yield Note("Models that share a letter cannot be told apart with this many images.")
    yield Note(
        f"Intervals: BCa, {draws} bootstrap resamples of the images, the same for all models and metrics. "
        "Ranks: 95 % interval of the rank in those resamples."
    )
    yield Note(
        f"Letters: sign flips of the differences of images ({flips} flips), Holm over all pairs of a metric, "
        f"alpha {document['alpha']:g}. Draws are seeded by id and hash of the data set."
    )
    if has_share(document):
        yield Note("Of ceiling: {} on the way from the centre bias to the observers.", (document["primary"],))
    for label in document["order"]:
        names = [row["label"] for row in document["rows"] if skewed(row["metrics"][label])]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            blanks = ", ".join("{}" for _ in names[:3])
            text = f"Scores of {{}} have a skew above {HEAVY_TAIL} for {blanks}{more}: those intervals are too narrow."
            yield Note(text, (label, *names[:3]))


def skewed(cell: Json) -> bool:
    """Is the tail of the scores so heavy that no interval can be trusted?"""
    return cell["skew"] is not None and bool(abs(cell["skew"]) > HEAVY_TAIL)


def has_share(document: Json) -> bool:
    """Are floor and ceiling of the primary metric both known?"""
    return any(row["metrics"][document["primary"]]["norm"] is not None for row in document["rows"])


def card(data: Json) -> tuple[tuple[str, str], ...]:
    """What is known of the data set."""
    known = {
        "data set": f"{data['id']}@{data['version']}",
        "images": str(data["n"]),
        "sha256": data["sha256"],
        "licence": data["licence"] or "",
    }
    return tuple((key, text) for key, text in known.items() if text)


def asides(document: Json) -> list[Aside]:
    """The sections of runs that are not ranked, those with something in them."""
    found = []
    for reason, (heading, why) in SECTIONS.items():
        rows = [
            (one["label"], detail(document, one), one["run"])
            for one in document["not_ranked"]
            if one["reason"] == reason
        ]
        found += [Aside(heading, why, tuple(rows))] if rows else []
    return found


def detail(document: Json, one: Json) -> str:
    """Why a run is not ranked; of a ceiling its means, of another signature both."""
    if "metrics" not in one:
        return f"{one['detail']} images" if one["reason"] == "incomplete" else str(one["detail"])
    means = "; ".join(
        f"{label} {mean}" + (f" \u00b1{half}" if half else "")
        for label in one.get("order", document["order"])
        if label in one["metrics"]
        for mean, half, *_ in [mean_of(one["metrics"][label])]
    )
    return means if one["reason"] == "ceiling" else f"{one['detail']}: {means}"
