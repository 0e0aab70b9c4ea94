"""Which file belongs to which image: by name alone, before any file is opened."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from saliency_eval.errors import Problem, fail, shown
from saliency_eval.predictions.rules import ACCEPTED, NAMES_SHOWN, READ, suffix_of

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
    used = {name for group in chosen.values() for name in group}
    files = {id: group[0] for id, group in chosen.items() if len(group) == 1}
    absent = [id for id in ids if id not in found]
    return Match(
        files,
        [ambiguous(id, group) for id, group in chosen.items() if len(group) > 1]
        + missing(absent, len(ids), stems(maps, base), naming, where)
        + extra([name for name in names if name not in used])
        + nested(base, files)
        + case(files, naming, base),
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


def missing(absent: list[str], total: int, present: list[str], naming: Naming, where: str) -> list[Problem]:
    """Images without a file, with the naming that would find them."""
    if not absent:
        return []
    message = f"{len(absent)} of {total} predictions are missing in {where} (first: {shown(absent[0])})"
    if not present:
        message = f"no predictions in {where}: {total} files of {READ} are needed (first: {shown(absent[0])})"
    remedy = offer(absent, present, naming) or "add the files, or --on-missing constant"
    return [Problem("missing", message, remedy, absent[0], count=len(absent))]


def offer(absent: list[str], present: list[str], naming: Naming) -> str:
    """The option that would find more images, if all files share a prefix and a suffix."""
    guess = guessed(absent, present)
    if guess in (None, naming):
        return ""
    assert guess is not None
    prefix, suffix = shown(guess.prefix), shown(guess.suffix)
    if prefix and suffix:
        return f"files there are named '{prefix}...{suffix}': try --pattern '{prefix}{{stem}}{suffix}'"
    if prefix:
        return f"files there begin with '{prefix}': try --prefix {prefix}"
    return f"files there end in '{suffix}': try --suffix {suffix}"


def guessed(absent: list[str], present: list[str]) -> Naming | None:
    """Prefix and suffix that all files share and that leave the id of at least one image."""
    if not present:
        return None
    wanted, keys = {folded(id) for id in absent}, [folded(stem) for stem in present]
    options = [keys[0].partition(id) for id in wanted if id in keys[0]]
    best, most = None, 0
    for prefix, _, suffix in sorted(options):
        length = len(prefix) + len(suffix)
        shared = all(k.startswith(prefix) and k.endswith(suffix) and len(k) > length for k in keys)
        hits = sum(k[len(prefix) : len(k) - len(suffix)] in wanted for k in keys) if shared else 0
        if hits > most:
            best, most = Naming(present[0][: len(prefix)], present[0][len(present[0]) - len(suffix) :]), hits
    return best


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
