"""What only all readings of a set together can tell."""

from __future__ import annotations

from collections import Counter

from saliency_eval.errors import Problem, shown

MANY_FORMATS = 3


class SetChecks:
    """Fed with each prediction in turn, in the order of the images; `problems` gives the findings at the end."""

    def __init__(self) -> None:
        self._digests: set[str] = set()
        self._formats: Counter[str] = Counter()
        self._first_jpeg = ""

    def add(self, id: str, sha256: str, format: str) -> None:
        """Take note of the prediction of one image."""
        self._digests.add(sha256)
        self._formats[format] += 1
        if format == "jpeg":
            self._first_jpeg = self._first_jpeg or id

    def problems(self) -> list[Problem]:
        """`identical`, `mixed` and `lossy`."""
        return self._identical() + self._mixed() + self._lossy()

    def _identical(self) -> list[Problem]:
        count = self._formats.total()
        if count < 2 or len(self._digests) > 1:
            return []
        return [
            Problem(
                "identical",
                f"all {count} predictions are identical",
                "check how they were written",
                count=count,
            )
        ]

    def _mixed(self) -> list[Problem]:
        if len(self._formats) < MANY_FORMATS:
            return []
        counts = ", ".join(f"{n} {format}" for format, n in sorted(self._formats.items()))
        return [
            Problem(
                "mixed",
                f"mixed formats in one set: {counts}",
                "save all maps alike",
                count=self._formats.total(),
            )
        ]

    def _lossy(self) -> list[Problem]:
        jpegs = self._formats["jpeg"]
        if not jpegs:
            return []
        message = (
            f"{jpegs} of {self._formats.total()} maps are JPEG, which is lossy, and damage inside one may "
            f"not show (first: {shown(self._first_jpeg)})"
        )
        return [Problem("lossy", message, "save maps as png", self._first_jpeg, count=jpegs)]
