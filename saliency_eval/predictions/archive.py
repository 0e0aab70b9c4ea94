"""Predictions in a zip or tar file: every member is checked by name, kind and size; none touches the disk."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saliency_eval.errors import Problem, SaliencyEvalError, fail, shown
from saliency_eval.predictions.decode import naming
from saliency_eval.predictions.files import Listing, PredictionFiles
from saliency_eval.predictions.folder import check_depth
from saliency_eval.predictions.match import in_order
from saliency_eval.predictions.members import Member, Members, open_members, refuse_size
from saliency_eval.predictions.rules import ACCEPTED, Rules, most_files, suffix_of

SPARE = 100  # archive members of full size that are allowed beside one for each image


class PredictionArchive(PredictionFiles):
    """Predictions as members of a zip, tar, tar.gz or tar.xz file, named after their images."""

    _open: tuple[int, Members] | None = None  # and the process that opened it
    _members: dict[str, Member]

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_open"}

    def order(self, ids: Sequence[str]) -> list[str]:
        """The ids by the places of their members: a compressed stream starts anew for every step back."""
        return sorted(ids, key=self._place)

    def _place(self, id: str) -> float:
        return self._members[self._files[id]].place if id in self._files else math.inf

    def _list(self, images: int) -> Listing:
        self._members, problems, self._open = {}, [], None
        with naming(self.root.name):
            total = (images + SPARE) * self._rules.max_bytes
            for member in self._archive().list(most_files(images), total):
                problems += self._enter(member)
        return Listing(in_order(self._members), problems)

    def _enter(self, member: Member) -> list[Problem]:
        """Take a member into the table under its plain name; gives what is wrong with it."""
        problems = refusals(member, self._rules)
        if leads_out(member.name):
            return problems
        name = plain(member.name)
        if member.kind == "folder" and suffix_of(name) not in ACCEPTED:
            return problems
        if name in self._members:
            message = f"an archive must hold a name once, {shown(name)} is there twice"
            problems.append(Problem("ambiguous", message, "remove all but one", file=name))
        self._members[name] = member
        return problems

    def _bytes(self, name: str) -> bytes:
        member = self._members[name]
        if member.kind == "folder":
            fail("not_a_file", "a prediction must be a file, got a folder", "put the file in its place")
        return self._archive().read(member)

    def _path(self, name: str) -> Path:
        return self.root

    def _archive(self) -> Members:
        """The archive, opened once in each process: a shared offset in a forked one would mix two reads."""
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), open_members(self.root, self._rules)
        return self._open[1]


def plain(name: str) -> str:
    """The name without empty parts and '.'.

    >>> plain("./maps//i01.png")
    'maps/i01.png'
    """
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def leads_out(name: str) -> bool:
    """Would the name leave the folder that it is unpacked to, on any system?

    >>> leads_out("maps/i01.png"), leads_out("C:\\\\evil.png")
    (False, True)
    """
    return (
        name.startswith("/") or "\\" in name or ".." in name.split("/") or bool(re.match("[A-Za-z]:", name))
    )


def refusals(member: Member, rules: Rules) -> list[Problem]:
    """What is wrong with a member, whether or not it belongs to an image."""
    try:
        check(member, plain(member.name), rules)
    except SaliencyEvalError as error:
        return error.problems
    return []


def check(member: Member, name: str, rules: Rules) -> None:
    """Raises `path_traversal`, `too_many`, `symlink`, `not_a_file`, `unreadable`, `too_large`."""
    if leads_out(member.name):
        fail(
            "path_traversal",
            f"{shown(member.name)}: a member must stay inside its archive",
            "pack it with relative names and '/'",
            file=member.name,
        )
    check_depth(name.rpartition("/")[0])
    if member.kind == "link":
        fail(
            "symlink",
            f"{shown(name)}: a link in an archive is not followed",
            "pack the file itself",
            file=name,
        )
    if member.kind == "special":
        fail(
            "not_a_file",
            f"{shown(name)}: an archive must hold files, got another kind of member",
            "leave it out",
            file=name,
        )
    if member.encrypted:
        fail(
            "unreadable",
            f"{shown(name)}: a member must not be encrypted",
            "pack it without a password",
            file=name,
        )
    refuse_size(name, member.size, rules)
