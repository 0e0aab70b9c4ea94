"""What can be wrong with an input: codes, the sentence that says so, the exit status.

Codes are stable: never renamed, only added. A message says what must hold, what was got,
and where; the remedy says what to do.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, NoReturn

Severity = Literal["error", "warning", "note"]

DONE, GATE, USAGE, REJECTED, TRUTH, ENVIRONMENT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130
EXIT_ORDER = (USAGE, ENVIRONMENT, TRUTH, REJECTED)  # of several errors, the first of these ends the run


class Code(NamedTuple):
    """What a code means, and how it ends a run when it is an error."""

    severity: Severity
    exit: int
    meaning: str


CODES: dict[str, Code] = {
    "missing": Code(
        "error", REJECTED, "Images without a prediction, fixations without an image, a board without a run."
    ),
    "ambiguous": Code("error", REJECTED, "Two files for one image, two arrays in one file, a key twice."),
    "extra": Code("warning", REJECTED, "Files that belong to no image of the data set; they are ignored."),
    "too_many": Code(
        "error", REJECTED, "More files, archive members, nested folders or models than the limit."
    ),
    "unreadable": Code(
        "error", REJECTED, "Empty, truncated, damaged, encrypted, or not what its header claims."
    ),
    "too_large": Code("error", REJECTED, "Larger than a limit on pixels or bytes."),
    "format_not_allowed": Code("error", REJECTED, "Content or extension that is never opened."),
    "pickle": Code("error", REJECTED, "An array of Python objects: loading it could run code."),
    "dtype": Code("error", REJECTED, "Values that are not real numbers."),
    "shape": Code("error", REJECTED, "An array that is not a two-dimensional map."),
    "wrong_size": Code("error", REJECTED, "A map with neither the size nor the aspect of its stimulus."),
    "non_finite": Code("error", REJECTED, "NaN or infinity in a map."),
    "not_normalised": Code("error", REJECTED, "A density that does not sum to one."),
    "colour": Code(
        "error", REJECTED, "A colour picture where a grey map is expected: a colour scale was applied."
    ),
    "alpha": Code("error", REJECTED, "Transparency that varies over the map."),
    "orientation": Code("error", REJECTED, "An EXIF tag asks for the picture to be turned."),
    "multi_frame": Code("error", REJECTED, "Several frames in one file."),
    "not_a_file": Code("error", REJECTED, "A folder, pipe, device or socket where a file is expected."),
    "symlink": Code("error", REJECTED, "A link that leads out of the folder, or any link in an archive."),
    "path_traversal": Code("error", REJECTED, "An archive member whose name leaves the archive."),
    "external_link": Code("error", REJECTED, "HDF5 data that point to other files."),
    "changed": Code("error", REJECTED, "A prediction changed while it was scored."),
    "constant": Code(
        "warning", REJECTED, "Maps of one value everywhere: scored at chance level and counted."
    ),
    "few_levels": Code("warning", REJECTED, "Maps of two levels only: most metrics see a mask."),
    "zeros": Code(
        "warning", REJECTED, "Many fixations where their map is 0: an epsilon decides about kld, ig."
    ),
    "identical": Code("warning", REJECTED, "All predictions are equal."),
    "mixed": Code("warning", REJECTED, "Three or more file formats in one set of predictions."),
    "passed_over": Code(
        "warning", TRUTH, "Pictures of a kind that is not read, and links that lead nowhere."
    ),
    "dropped_fixations": Code("warning", TRUTH, "Fixations outside their image were dropped."),
    "swapped_axes": Code("error", TRUTH, "Fixations fit only when row and column are exchanged."),
    "empty_fixations": Code("warning", TRUTH, "Images without a fixation: fixation metrics skip them."),
    "empty_boxes": Code("warning", TRUTH, "Images with neither box nor label: metrics of boxes skip them."),
    "undefined_metric": Code("warning", TRUTH, "The data set lacks what a metric needs."),
    "classifier": Code("error", TRUTH, "A classifier that cannot be made, or answers with no probabilities."),
    "model": Code("error", TRUTH, "A model that cannot be made, or gives no map of an image."),
    "doubtful": Code(
        "warning", TRUTH, "What a metric rests on does not hold on these images: do not trust it."
    ),
    "assumed": Code("warning", TRUTH, "What a classifier does not say of itself was assumed."),
    "checksum": Code("error", TRUTH, "A file differs from its recorded hash."),
    "totals": Code("error", TRUTH, "A copy of a data set differs from the expected totals."),
    "layout": Code("error", TRUTH, "A folder is not the official layout of the data set."),
    "not_available": Code("error", TRUTH, "A data set, or a part of it, that is not there."),
    "incomplete": Code(
        "warning", REJECTED, "A result with fewer images than the data set; it is never ranked."
    ),
    "no_baseline": Code(
        "warning", REJECTED, "A board without the uniform map or the centre bias, what models have to beat."
    ),
    "mixed_signature": Code("warning", REJECTED, "Results of different signatures are not ranked together."),
    "differs": Code("error", GATE, "A file of a board is not what the scores beside it give."),
    "skipped_result": Code("warning", REJECTED, "A result file that is unreadable or of a newer version."),
    "usage": Code("error", USAGE, "A command, option, name or configuration that does not exist or fit."),
    "needs_extra": Code("error", ENVIRONMENT, "An optional package is absent."),
    "io": Code("error", ENVIRONMENT, "Disk full, no permission, or a file that vanished."),
    "internal": Code(
        "error", INTERNAL, "A fault of this package; the message names the file of its traceback."
    ),
    "interrupted": Code(
        "error", INTERRUPTED, "Ended by Ctrl-C or by a request to end; nothing half is kept."
    ),
    "resized": Code(
        "note", REJECTED, "Maps brought to the stimulus size by the resize rule of the protocol."
    ),
    "rounded": Code("note", REJECTED, "Maps of 8 bits that are 0 in large areas, which kld and ig feel."),
    "shifted": Code("note", REJECTED, "Negative values, which metrics treat as their options say."),
    "lossy": Code("note", REJECTED, "JPEG, or more than 8 bits a channel cut to 8."),
    "misnamed": Code("note", REJECTED, "The content is of another format than the name says."),
    "palette": Code("note", REJECTED, "A palette picture: its colours were looked up."),
    "opaque_alpha": Code("note", REJECTED, "An alpha channel of one value was ignored."),
    "squeezed": Code("note", REJECTED, "An axis of length one was removed."),
    "nested": Code("note", REJECTED, "All maps lie in a single sub-folder, which was entered."),
    "case": Code("note", REJECTED, "Names that differ from the stimulus in case only."),
    "mat73": Code("note", REJECTED, "A MATLAB v7.3 file: axes turned back."),
    "floored": Code("note", TRUTH, "Fractional fixation coordinates were floored to their pixel."),
}


UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}  # controls, marks of direction, surrogates, line ends


def said(value: object) -> str:
    """The text of anything; of errors of others whose text is an error itself, the kind."""
    try:
        return str(value)
    except Exception:
        return f"a {type(value).__name__} that has no text"


def shown(name: object, limit: int = 80) -> str:
    """A name made safe for a terminal: controls, direction marks and surrogates escaped, its middle left out.

    >>> shown("a\\x1b[31m.png")
    'a\\\\x1b[31m.png'
    >>> shown("maps/" + 100 * "x" + "/i01.png", limit=20)
    'maps/xxx...x/i01.png'
    """
    text = "".join(
        c if unicodedata.category(c) not in UNSEEN else c.encode("unicode_escape").decode("ascii")
        for c in said(name)
    )
    first = (limit - 3) // 2  # the last part of a path says most
    return text if len(text) <= limit else f"{text[:first]}...{text[first + 3 - limit :]}"


FEW = 4  # words that are listed beside the nearest


def nearest(word: str, known: Iterable[str]) -> str:
    """ "Did you mean": the sentence that offers the nearest of the known words, lists them, or, if they are few, both.

    >>> nearest("jpg", ["npy", "png"])
    'Did you mean png? Known: npy, png'
    """
    known = sorted(known)
    close = difflib.get_close_matches(str(word).lower(), known, n=1, cutoff=0.6)
    found = [f"Did you mean {close[0]}?"] if close else []
    return " ".join(found if found and len(known) > FEW else [*found, "Known: " + ", ".join(known)])


@dataclass(frozen=True)
class Problem:
    """One finding about an input; severity and exit status follow from its code unless they are given."""

    code: str
    message: str
    remedy: str = ""
    image: str | None = None
    file: str | None = None
    count: int = 1
    severity_override: Severity | None = None
    exit_override: int | None = None

    @property
    def severity(self) -> Severity:
        return self.severity_override or CODES[self.code].severity

    @property
    def exit(self) -> int:
        return CODES[self.code].exit if self.exit_override is None else self.exit_override

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do."""
        sign = "." if self.remedy[:1].isupper() else ";"
        return f"{self.message}{sign} {self.remedy}" if self.remedy else self.message

    def __str__(self) -> str:
        return f"{self.severity}[{self.code}]: {self.sentence}"

    def to_dict(self) -> dict[str, object]:
        """The finding as JSON shows it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "image": None if self.image is None else shown(self.image),
            "file": None if self.file is None else shown(self.file, 500),
            "count": self.count,
            "message": self.message,
            "remedy": self.remedy,
        }


def problem_lines(problems: Iterable[Problem], each: int = 5) -> list[str]:
    """The findings as text: the first few of each code by name (of notes the first), the rest counted."""
    by_code: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        by_code.setdefault((problem.severity, problem.code), []).append(problem)
    lines = []
    for (severity, code), group in by_code.items():
        named = 1 if severity == "note" else each
        lines += [str(problem) for problem in group[:named]]
        if len(group) > named:
            lines.append(f"{severity}[{code}]: and {len(group) - named} more like this")
    return lines


class SaliencyEvalError(ValueError):
    """Raised for every input that is refused; `code`, `exit_code` and all `problems` say why.

    >>> error = SaliencyEvalError([Problem("dtype", "the map must be real, got complex128")])
    >>> error.code, error.exit_code
    ('dtype', 3)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        errors = [p for p in self.problems if p.severity == "error"] or self.problems
        first = min(errors, key=lambda p: EXIT_ORDER.index(p.exit) if p.exit in EXIT_ORDER else 9)
        self.code, self.exit_code = first.code, first.exit
        super().__init__("\n".join(problem_lines(errors)))

    def __reduce__(self) -> tuple[type[SaliencyEvalError], tuple[list[Problem]]]:
        return type(self), (self.problems,)


def fail(
    code: str,
    message: str,
    remedy: str = "",
    *,
    image: str | None = None,
    file: str | None = None,
    exit: int | None = None,
) -> NoReturn:
    """Raise one finding as an error."""
    raise SaliencyEvalError(
        [
            Problem(
                code,
                message,
                remedy,
                image,
                file,
                severity_override="error",
                exit_override=exit,
            )
        ]
    )


def unknown(what: str, word: str, known: Iterable[str]) -> NoReturn:
    """Raise for a name that does not exist, offering the nearest one."""
    fail("usage", f"unknown {what} '{shown(word)}'", nearest(word, known))


def unforeseen(error: Exception) -> Problem:
    """What a decoder raised that nobody thought of: the file is `unreadable`."""
    message = f"cannot be decoded ({type(error).__name__}: {shown(error, 200)})"
    return Problem("unreadable", message, "write the file again")
