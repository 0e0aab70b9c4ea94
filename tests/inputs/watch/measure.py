"""Run a command and write down what it cost: a small process, so that its own memory does not count."""

import json
import os
import sys
import time

report, command = sys.argv[1], sys.argv[2:]
start = time.perf_counter()
child = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
with open(report, "w") as file:
    cpu = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    json.dump({"status": code, "seconds": seconds, "cpu": cpu, "largest": usage.ru_maxrss * 1024}, file)
