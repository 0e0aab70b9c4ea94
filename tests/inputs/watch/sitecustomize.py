"""Loaded by every interpreter that a watched command starts: notes each file it opens and process it starts.

Lines of JSON go to the file that WATCH names, each [event, first argument, does it write?]; the last one of a
process is ["peak", kB of memory at most, false].
"""

import atexit
import json
import os
import sys

STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
CHANGES = ("os.remove", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate")
WATCHED = {"open", "os.scandir", "os.listdir", "pickle.find_class", "socket.connect", *STARTS, *CHANGES}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
REPORT = os.open(os.environ["WATCH"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
OWN = tuple(
    {sys.prefix + os.sep, sys.base_prefix + os.sep, *filter(None, os.environ["OWN"].split(os.pathsep))}
)


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Write down an event; reading the interpreter's own files is none, nor listing what it imports from."""
    if event not in WATCHED:
        return
    what = str(arguments[0]) if arguments else ""
    if event == "os.listdir" and what in sys.path:
        return
    mode = str(arguments[1] or "") if event == "open" else ""
    writes = event in CHANGES or (
        event == "open" and (any(c in mode for c in "wax+") or bool(int(arguments[2]) & WRITES))
    )
    if writes or not what.startswith(OWN):
        os.write(REPORT, json.dumps([event, what, writes]).encode() + b"\n")


def peak() -> None:
    """Write down the most memory that this process had."""
    with open("/proc/self/status") as file:
        kilobytes = next(line.split()[1] for line in file if line.startswith("VmHWM"))
    os.write(REPORT, json.dumps(["peak", kilobytes, False]).encode() + b"\n")


atexit.register(peak)
sys.addaudithook(note)
