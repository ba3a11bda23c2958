"""Runs a program in a terminal of its own and types into it.

Takes JSON: {"argv": [...], "cwd": "...", "env": {...}, "steps": [["text to wait for", "keys to type"], ...]}
Prints JSON: {"code": exit code, "output": all that the terminal showed}
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

WAIT = 30
task = json.loads(sys.argv[1])
steps = list(task["steps"])

pid, terminal = pty.fork()
if pid == 0:
    os.chdir(task["cwd"])
    os.execvpe(task["argv"][0], task["argv"], task["env"])

fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

output = ""
seen = 0
deadline = time.monotonic() + WAIT
while time.monotonic() < deadline:
    if steps and steps[0][0] in output[seen:]:
        seen = output.index(steps[0][0], seen) + len(steps[0][0])
        # A prompt reads keys only after it has been drawn.
        time.sleep(0.1)
        os.write(terminal, steps.pop(0)[1].encode())
    if not select.select([terminal], [], [], 0.05)[0]:
        continue
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # how Linux tells that nobody has the terminal open any more
        break
    if not chunk:
        break
    output += chunk.decode(errors="replace")
else:
    os.kill(pid, 9)

code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"code": code, "output": output, "missed": [step[0] for step in steps]}))
