"""Runs a cell in Deno's kernel for Jupyter, in the working folder; prints what it shows as JSON. Needs jupyter_client.

    python3 notebook.py DATA_FOLDER < cell.ts

DATA_FOLDER has kernels/deno/kernel.json. A result that arrives up to ten seconds after the kernel says that it is idle is
shown too. `messages` names all that came, with the seconds since the request.
"""

import json
import os
import queue
import sys
import time

os.environ["JUPYTER_DATA_DIR"] = sys.argv[1]

from jupyter_client.manager import start_new_kernel  # noqa: E402: the folder is read when it is loaded

SHOWN = ("execute_result", "display_data", "error")

manager, client = start_new_kernel(kernel_name="deno", startup_timeout=120)
try:
    begun = time.monotonic()
    request = client.execute(sys.stdin.read())
    said, messages, idle = [], [], False
    while not (idle and said):
        try:
            message = client.get_iopub_msg(timeout=10 if idle else 240)
        except queue.Empty:
            break
        kind, content = message["msg_type"], message["content"]
        own = message["parent_header"].get("msg_id") == request
        messages.append([round(time.monotonic() - begun, 3), kind, content.get("execution_state", ""), own])
        if own and kind in SHOWN:
            said.append(content)
        idle = idle or (own and content.get("execution_state") == "idle")
    status = client.get_shell_msg(timeout=60)["content"]["status"]
    print(json.dumps({"status": status, "said": said, "messages": messages}))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
