"""What stands around the table of a board: what its numbers rest on in sentences, and what is not ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from saliency_eval.formats import rounded_of
from saliency_eval.protocols import Subject, subject_under
from saliency_eval.signatures import fields
from saliency_eval.stats import HEAVY_TAIL

TRUTH = "ground_truth_box"  # the one that looks at the truth
ALWAYS = {  # rows of every board, by the kind of truth
    "fixations": {"uniform": "the uniform map", "centre_bias": "the centre bias"},
    "boxes": {
        "center_box": "the box in the middle",
        "max_box": "the whole image",
        TRUTH: "the true boxes",
        "random": "noise",
    },
}
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


class Aside(NamedTuple):
    """A section below the table: its heading, a sentence, and rows of model, detail, run."""

    heading: str
    why: str
    rows: tuple[tuple[str, str, str], ...]


def notes(document: Json) -> Iterator[Note]:
    """What the numbers rest on."""
    draws, flips = document["bootstrap"]["b"], document["flips"]["b"]
    yield Note("Models that share a letter cannot be told apart with this many images.")
    yield Note(
        f"Intervals: BCa, {draws} bootstrap resamples of the images, the same for all models and metrics. "
        "Ranks: 95 % interval of the rank in those resamples."
    )
    yield Note(
        f"Letters: sign flips of the differences of images ({flips} flips), {corrected(document)}, "
        f"alpha {document['alpha']:g}. A letter stands for neighbours in the order of the metric; of two "
        "models without a common one, the table of pairs says whether they differ. Draws are seeded by id and "
        "hash of the data set."
    )
    if reach := document["flips"]["reach"]:
        yield Note(
            f"Pairs are listed where models stand at most {reach} places apart; all of them are tested."
        )
    if has_share(document):
        yield Note("Of ceiling: {} on the way from the centre bias to the observers.", (document["primary"],))
    if any(row["metrics"][label].get("drawn") for row in document["rows"] for label in document["order"]):
        yield Note(
            "Draws: half of the 95 % interval that random draws alone give to a mean, from two draws of each image; "
            "shown where it is above a tenth of the interval."
        )
    for label in document["order"]:
        if facts := document["metrics"][label].get("beside"):
            said = ", ".join(f"{name} {value:.4g}" for name, value in facts.items())
            yield Note(f"{{}}, the same for all models: {said}.", (label,))
        for why in document["metrics"][label].get("doubts", ()):
            yield Note(f"{{}} (!): {why}.", (label,))
    subject = subject_of(document["metrics"][document["primary"]]["signature"])
    gone = absent(((row["source"], row["model"]) for row in document["rows"]), subject)
    blind = " and ".join(ALWAYS[subject][name] for name in gone if name != TRUTH)
    if blind:
        yield Note(
            f"There is no row of {blind}: nothing here shows what is reached without a look at the image."
        )
    if TRUTH in gone:
        yield Note(f"There is no row of {ALWAYS[subject][TRUTH]}: nothing here shows what they reach.")
    yield from tails(document)


def corrected(document: Json) -> str:
    """How p is corrected for the number of pairs."""
    if document["flips"]["correction"] == "holm":
        return "Holm over all pairs of a metric"
    return "max T (Westfall and Young) over all pairs of a metric, as on all boards of more than 100 models"


def subject_of(signature: str) -> Subject:
    """The kind of truth that a metric was scored on."""
    return subject_under(fields(signature).get("protocol", ""))


def absent(models: Iterable[tuple[str, str]], subject: Subject = "fixations") -> list[str]:
    """The baselines that every board should rank and that are not among these, by source and name.

    >>> absent([("centre_bias|sigma:4", "cb"), ("", "mine")])
    ['uniform']
    """
    known = {name for source, model in models for name in (source.partition("|")[0], model)}
    return [name for name in ALWAYS[subject] if name not in known]


def tails(document: Json) -> Iterator[Note]:
    """The metrics whose scores have so heavy a tail that no interval can be trusted."""
    for label in document["order"]:
        skews = {
            row["label"]: row["metrics"][label]["skew"]
            for row in document["rows"]
            if skewed(row["metrics"][label])
        }
        if skews:
            more = f" and {len(skews) - 3} more" if len(skews) > 3 else ""
            blanks = ", ".join(f"{{}} ({skew:.1f})" for skew in list(skews.values())[:3])
            text = f"Scores of {{}} have a skew beyond {HEAVY_TAIL} for {blanks}{more}: those intervals are too narrow."
            yield Note(text, (label, *list(skews)[:3]))


def skewed(cell: Json) -> bool:
    """Is the tail of the scores so heavy that no interval can be trusted?"""
    return cell["skew"] is not None and bool(abs(cell["skew"]) > HEAVY_TAIL)


def has_share(document: Json) -> bool:
    """Are floor and ceiling of the primary metric both known?"""
    return any(row["metrics"][document["primary"]]["norm"] is not None for row in document["rows"])


def direction(traits: Json) -> str:
    """Which way a metric counts, within which range, and what chance gives.

    >>> direction({"label": "NSS", "better": "higher", "range": [None, None], "chance": 0.0})
    'NSS: higher is better, no bounds, chance 0'
    """
    by_chance = "no chance value" if traits["chance"] is None else f"chance {traits['chance']:g}"
    return f"{traits['label']}: {traits['better']} is better, {bounds(*traits['range'])}, {by_chance}"


def bounds(low: float | None, high: float | None) -> str:
    """The range of a metric in words.

    >>> bounds(0, 1), bounds(0, None)
    ('range 0 to 1', 'at least 0')
    """
    if low is None:
        return "no bounds" if high is None else f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"range {low:g} to {high:g}"


def card(data: Json) -> tuple[tuple[str, str], ...]:
    """What is known of the data set."""
    known = {
        "data set": f"{data['id']}@{data['version']}",
        "images": str(data["n"]),
        "sha256": data["sha256"],
        "licence": data["licence"] or "",
    }
    return tuple((key, text) for key, text in known.items() if text)


def asides(document: Json) -> Iterator[Aside]:
    """The sections of runs that are not ranked, those with something in them."""
    for reason, (heading, why) in SECTIONS.items():
        rows = [
            (one["label"], detail(document, one), one["run"])
            for one in document["not_ranked"]
            if one["reason"] == reason
        ]
        if rows:
            yield Aside(heading, why, tuple(rows))


def detail(document: Json, one: Json) -> str:
    """Why a run is not ranked; of a ceiling its means, of another signature both."""
    if "metrics" not in one:
        return f"{one['detail']} images" if one["reason"] == "incomplete" else str(one["detail"])
    means = "; ".join(
        f"{label} {mean.mean}" + (f" \u00b1{mean.half}" if mean.half else "")
        for label in one.get("order", document["order"])
        if label in one["metrics"]
        for mean in [rounded_of(one["metrics"][label])]
    )
    return means if one["reason"] == "ceiling" else f"{one['detail']}: {means}"
