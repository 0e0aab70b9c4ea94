"""Which file belongs to which image: by name alone, before any file is opened."""

from __future__ import annotations

import posixpath
import shlex
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from saliency_eval.errors import Problem, fail, shown
from saliency_eval.predictions.rules import ACCEPTED, NAMES_SHOWN, READ, suffix_of

SAMPLE = 8  # unused files whose names are looked at for a hint
OR_CONSTANT = ", or --on-missing constant"  # what scoring offers beside adding files
JUNK = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class Naming:
    """How a file is named after its image: prefix, id, suffix, extension."""

    prefix: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, prefix: str = "", suffix: str = "", pattern: str | None = None) -> Naming:
        """The naming of the options; raises `usage` for a pattern without one {stem}."""
        if pattern is None:
            return cls(prefix, suffix)
        if prefix or suffix:
            fail("usage", "--pattern cannot be combined with --prefix or --suffix", "give only the pattern")
        if pattern.count("{stem}") != 1 or suffix_of(pattern) in ACCEPTED:
            fail(
                "usage",
                f"a pattern must hold {{stem}} once and no extension, got '{shown(pattern)}'",
                "for example --pattern '{stem}_pred'",
            )
        return cls(*pattern.split("{stem}"))

    def name(self, id: str) -> str:
        """The name of the file of an image, without extension."""
        return self.prefix + id + self.suffix


class Match(NamedTuple):
    """The file of each image, and what the names told."""

    files: dict[str, str]
    problems: list[Problem]
    owners: dict[str, str | None]  # every file that is no junk: the image that it may belong to


def normal(text: str) -> str:
    """One of the Unicode forms of a name.

    >>> normal("cafe\\u0301") == "caf\\xe9"
    True
    """
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """The name as a file system that ignores case sees it."""
    return normal(normal(text).casefold())


def is_junk(name: str) -> bool:
    """A file or folder that an operating system left behind, or a hidden one."""
    return any(part.startswith(".") or part.casefold() in JUNK for part in name.split("/"))


def in_order(names: Iterable[str]) -> list[str]:
    """Sorted by bytes, so that the order of a directory never shows."""
    return sorted(names, key=lambda name: name.encode("utf-8", "surrogatepass"))


def match(names: Iterable[str], ids: list[str], naming: Naming, where: str) -> Match:
    """Give each image its file among `names`, paths with '/' relative to the set; `where` names the set."""
    names = in_order(name for name in names if not is_junk(name))
    maps = [name for name in names if suffix_of(name) in ACCEPTED]
    distinct = len({folded(naming.name(id)) for id in ids}) == len(set(ids))
    key = folded if distinct else normal
    inner = common_folder(maps)
    for base in {"": None, inner: None}:
        table = by_key(names, base, key)
        found = {id: candidates for id in ids if (candidates := table.get(key(naming.name(id))))}
        if found:
            break
    chosen = {id: best(candidates) for id, candidates in found.items()}
    used = {name: id for id, group in chosen.items() for name in group}
    files = {id: group[0] for id, group in chosen.items() if len(group) == 1}
    absent = [id for id in ids if id not in found]
    unused = stems([name for name in maps if name not in used], base)
    remedy = offer(absent, unused, naming, some=bool(found))
    return Match(
        files,
        [ambiguous(id, group) for id, group in chosen.items() if len(group) > 1]
        + missing(absent, len(ids), len(maps), remedy, where)
        + extra([name for name in names if name not in used])
        + nested(base, files)
        + case(files, naming, base),
        {name: used.get(name) for name in names},
    )


def common_folder(maps: list[str]) -> str:
    """The deepest sub-folder that holds all maps, with its final '/', or ''."""
    if not maps:
        return ""
    common = posixpath.commonpath([posixpath.dirname(name) for name in maps])
    return common and common + "/"


def stems(names: Iterable[str], base: str) -> list[str]:
    """Names inside the folder, without extension."""
    return [posixpath.splitext(name[len(base) :])[0] for name in names if name.startswith(base)]


def by_key(names: list[str], base: str, key: Callable[[str], str]) -> dict[str, list[str]]:
    """Names inside the folder by the key of their stem."""
    inside = [name for name in names if name.startswith(base)]
    table: dict[str, list[str]] = {}
    for name, stem in zip(inside, stems(inside, base), strict=True):
        table.setdefault(key(stem), []).append(name)
    return table


def best(candidates: list[str]) -> list[str]:
    """The files of an image: those of a format that is read; without one, the first, to be refused."""
    return [name for name in candidates if suffix_of(name) in ACCEPTED] or candidates[:1]


# ------------------------------------------------------------------ the findings


def listed(names: list[str]) -> str:
    """The first names."""
    return ", ".join(shown(name) for name in names[:NAMES_SHOWN]) + (", ..." if names[NAMES_SHOWN:] else "")


def ambiguous(id: str, group: list[str]) -> Problem:
    """Several files for one image."""
    message = f"an image must have one prediction, {shown(id)} has {len(group)}: {listed(group)}"
    return Problem("ambiguous", message, "remove all but one", id, group[0])


def missing(absent: list[str], total: int, maps: int, remedy: str, where: str) -> list[Problem]:
    """Images without a file; `maps`: how many files of a format that is read are there."""
    if not absent:
        return []
    message = f"{len(absent)} of {total} predictions are missing in {where} (first: {shown(absent[0])})"
    if not maps:
        message = f"no predictions in {where}: {total} files of {READ} are needed (first: {shown(absent[0])})"
    remedy = remedy or f"add the files{OR_CONSTANT}"
    return [Problem("missing", message, remedy, absent[0], count=len(absent))]


def offer(absent: list[str], unused: list[str], naming: Naming, *, some: bool) -> str:
    """The option that would find more images; `some` images were found as it is."""
    guess = guessed(absent, unused, some=some)
    if guess is None or guess == naming or shown(guess.name(""), 999) != guess.name(""):
        return ""
    prefix, suffix = guess.prefix, guess.suffix
    files, tried = ("other files there", "name all alike, or try") if some else ("files there", "try")
    if prefix and suffix:
        pattern = shlex.quote(prefix + "{stem}" + suffix)
        return f"{files} are named '{prefix}...{suffix}': {tried} --pattern {pattern}"
    if prefix:
        return f"{files} begin with '{prefix}': {tried} --prefix {shlex.quote(prefix)}"
    if suffix:
        return f"{files} end in '{suffix}': {tried} --suffix {shlex.quote(suffix)}"
    return f"{files} are named as the images alone: leave out --prefix, --suffix and --pattern"


def guessed(absent: list[str], unused: list[str], *, some: bool) -> Naming | None:
    """Prefix and suffix that most of the unused files share, around the ids of images without a file."""
    wanted, keys = {folded(id) for id in absent}, [folded(stem) for stem in unused]
    origin = {split[::2]: stem for stem in unused[:SAMPLE] for split in splits(folded(stem), wanted)}
    hits = {option: hit(keys, wanted, *option) for option in sorted(origin)}
    best = max(hits, key=lambda option: hits[option], default=None)
    if best is None or 2 * hits[best] <= len(keys) or (some and hits[best] == 1 and grown(*best)):
        return None
    stem, (prefix, suffix) = origin[best], best
    found = Naming(stem[: len(prefix)], stem[len(stem) - len(suffix) :])
    return found if (folded(found.prefix), folded(found.suffix)) == best else Naming(*best)


def splits(key: str, wanted: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """What stands before and after each id that is part of the key."""
    return (key.partition(id) for id in wanted if id in key)


def hit(keys: list[str], wanted: Collection[str], prefix: str, suffix: str) -> int:
    """How many keys are an id between the prefix and the suffix."""
    return sum(
        key.startswith(prefix)
        and key.endswith(suffix)
        and key[len(prefix) : len(key) - len(suffix)] in wanted
        for key in keys
    )


def grown(prefix: str, suffix: str) -> bool:
    """Is the id part of a longer word, as '3' is of '13'? Then a single such file tells nothing."""
    return prefix[-1:].isalnum() or suffix[:1].isalnum()


def extra(names: list[str]) -> list[Problem]:
    """Files that belong to no image."""
    if not names:
        return []
    belong = "file belongs" if len(names) == 1 else "files belong"
    message = f"{len(names)} extra {belong} to no image and is not read: {listed(names)}"
    if len(names) > 1:
        message = message.replace("and is not", "and are not")
    return [Problem("extra", message, "remove or rename", file=names[0], count=len(names))]


def nested(base: str, files: dict[str, str]) -> list[Problem]:
    """All maps lie in one sub-folder."""
    if not base or not files:
        return []
    return [Problem("nested", f"all maps lie in the sub-folder {shown(base)}, which was entered")]


def case(files: dict[str, str], naming: Naming, base: str) -> list[Problem]:
    """Names that differ from what they should be in case."""
    differ = [
        (name, id)
        for (id, name), stem in zip(files.items(), stems(files.values(), base), strict=True)
        if normal(stem) != normal(naming.name(id))
    ]
    if not differ:
        return []
    name, id = differ[0]
    message = (
        f"{len(differ)} names differ from their image in case only (first: {shown(name)} for {shown(id)})"
    )
    return [Problem("case", message, file=name, image=id, count=len(differ))]
