"""Runs commands in children that have imported already what every command imports, which costs more than the rest.

A line of standard input is a command with its folder, environment and output files as JSON; the answer is a line with
its exit status and what it cost.
"""

import atexit
import contextlib
import json
import os
import sys
import tempfile
import time

import sitecustomize as watch

from saliency_eval.cli import main


def ended(arguments):
    """The exit status of the command line."""
    sys.argv = ["saliency-eval", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(str(end.code))
    raise AssertionError("main must exit")


def run(request):
    """Run a command in this child, as if it were a process of its own."""
    for number, name in enumerate((os.devnull, request["out"], request["errors"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    watch.REPORT = os.open(os.environ["WATCH"], os.O_WRONLY | os.O_APPEND)
    status = ended(request["arguments"])
    atexit._run_exitfuncs()
    os._exit(status)


def serve():
    """Answer until the input ends."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        assert ended(["check", "model:uniform", "--data", "demo", "--workers", "1"]) == 0
    for line in sys.stdin:
        start = time.perf_counter()
        child = os.fork()
        if not child:
            try:
                run(json.loads(line))
            finally:
                os._exit(99)  # whatever failed was not the command
        _, status, usage = os.wait4(child, 0)
        cost = {
            "status": os.waitstatus_to_exitcode(status),
            "seconds": time.perf_counter() - start,
            "cpu": usage.ru_utime + usage.ru_stime,
            "largest": usage.ru_maxrss * 1024,
        }
        print(json.dumps(cost), flush=True)


serve()
