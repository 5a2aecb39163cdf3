"""Runs a cell in Deno's kernel for Jupyter, in the working folder; prints what it shows as JSON. Needs jupyter_client.

    python3 notebook.py DATA_FOLDER < cell.ts

DATA_FOLDER has kernels/deno/kernel.json.
"""

import json
import os
import sys

os.environ["JUPYTER_DATA_DIR"] = sys.argv[1]

from jupyter_client.manager import start_new_kernel  # noqa: E402: the folder is read when it is loaded

manager, client = start_new_kernel(kernel_name="deno", startup_timeout=120)
try:
    shown = []
    reply = client.execute_interactive(sys.stdin.read(), timeout=240, output_hook=shown.append)
    kinds = ("execute_result", "display_data", "error")
    said = [message["content"] for message in shown if message["msg_type"] in kinds]
    print(json.dumps({"status": reply["content"]["status"], "said": said}))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
