"""`lendbot serve` on a lab that is up, and the page to talk to it. Ctrl-C ends both; the lab stays.

python -m tests.lab.product [DIR]
"""

import signal
import sys
import threading
from pathlib import Path

from tests.lab.product.rig import rigged
from tests.lab.site import running
from tests.lab.site.layout import DEFAULT


def main() -> None:
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEFAULT
    if not (folder / "lab.json").exists():
        sys.exit(f"no lab is up in {folder}: `make lab-up` brings one up")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print("Starting lendbot on the lab, with an empty store ...", flush=True)
    with rigged(running.load(folder), with_page=True) as rig:
        print(_greeting(rig.lendbot.around.slack_url, rig.lendbot.config, rig.lendbot.log), flush=True)
        while not ended.wait(1):
            if rig.lendbot.pid is None:
                sys.exit(f"lendbot has ended; its last words:\n{rig.lendbot.last_words()}")
    print("\nBoth ended; the lab is still up.", flush=True)


def _greeting(page: str, settings: Path, log: Path) -> str:
    return f"""
  Open  {page}

  You are the requester. Type in #hpc-ops:

      /nodes lend 2 gpu nodes to k8s for 10 minutes for a trial

  then ask for sign-off, switch to the approver, and approve in #lend-approvals.
  gpu is switched by IPMI, a100 by Redfish and xgpu by xCAT: the same four nodes. Time is real here.
  lendbot's settings are {settings}, its log is {log}.
"""


if __name__ == "__main__":
    main()
