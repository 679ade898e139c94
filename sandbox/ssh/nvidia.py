"""nvidia-smi, as far as a runbook uses it."""

from collections.abc import Sequence
from typing import Final

from sandbox.terminal import not_found
from sandbox.world import Machine

from .door import Talk

_BROKEN: Final = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    " Make sure that the latest NVIDIA driver is installed and running.\n"
)
_MODEL: Final = "NVIDIA A100-SXM4-80GB"


def nvidia_smi(machine: Machine, argv: Sequence[str], talk: Talk, *, is_broken: bool) -> int:
    """Run `nvidia-smi ARGV...`."""
    if not machine.gpu_uuids:
        talk.err(not_found("nvidia-smi").err)
        return 127
    if is_broken:
        talk.out(_BROKEN)
        return 9
    query = next((word.partition("=")[2] for word in argv if word.startswith("--query-gpu=")), None)
    if query is not None:
        for index, uuid in enumerate(machine.gpu_uuids):
            talk.out(", ".join(_field(name.strip(), index, uuid, machine) for name in query.split(",")) + "\n")
    elif "-mig" in argv:
        machine.has_mig = argv[argv.index("-mig") + 1] == "1"  # kept in the GPU: no boot forgets it
        for index in range(len(machine.gpu_uuids)):
            talk.out(f"{'En' if machine.has_mig else 'Dis'}abled MIG Mode for GPU 00000000:{7 + index:02X}:00.0\n")
    elif "-pm" in argv:
        for index in range(len(machine.gpu_uuids)):
            talk.out(f"Enabled persistence mode for GPU 00000000:{7 + index:02X}:00.0.\n")
        talk.out("All done.\n")
    else:
        for index, uuid in enumerate(machine.gpu_uuids):
            talk.out(f"GPU {index}: {_MODEL} (UUID: {uuid})\n")
    return 0


def _field(name: str, index: int, uuid: str, machine: Machine) -> str:
    values = {"uuid": uuid, "gpu_uuid": uuid, "index": str(index), "name": _MODEL, "count": str(len(machine.gpu_uuids))}
    values["mig.mode.current"] = "Enabled" if machine.has_mig else "Disabled"
    return values.get(name, "[N/A]")
