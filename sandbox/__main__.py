"""`python -m sandbox`: run a site until it is told to stop."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from sandbox.site import Site, SiteOptions
from sandbox.slurm.versions import DEFAULT, VERSIONS
from sandbox.starting_at import At
from sandbox.world import WorldOptions


def _known(version: str) -> str:
    if version not in VERSIONS:
        raise typer.BadParameter(f"the sandbox speaks {', '.join(VERSIONS)}")
    return version


def main(  # noqa: PLR0917 - typer reads the options off the signature
    directory: Annotated[Path, typer.Option("--dir", help="Where keys, settings and site.json are written.")],
    speed: Annotated[float, typer.Option(help="Site seconds per second.", min=0.1)] = 60.0,
    gpu_nodes: Annotated[int, typer.Option(help="Nodes of the gpu partition.", min=0)] = 20,
    cpu_nodes: Annotated[int, typer.Option(help="Nodes of the cpu partition.", min=0)] = 12,
    port: Annotated[int, typer.Option(help="The page's port; 0 takes a free one.")] = 8080,
    seed: Annotated[int, typer.Option(help="The same seed gives the same jobs and boot times.")] = 1,
    busy: Annotated[float, typer.Option(help="Share of each partition that jobs keep in use.", min=0, max=1)] = 0.3,
    redfish_tls: Annotated[bool, typer.Option(help="The BMCs speak TLS.")] = False,  # noqa: FBT002 - an option
    budgets: Annotated[bool, typer.Option(help="Tenants protect their pods with disruption budgets.")] = True,  # noqa: FBT002 - an option
    slurm_clock: Annotated[float, typer.Option(help="Hours that slurmctld's clock is ahead; may be negative.")] = 0.0,
    nodes_clock: Annotated[float, typer.Option(help="Hours that the nodes' clocks are ahead.")] = 0.0,
    kube_clock: Annotated[float, typer.Option(help="Hours that the cluster's clock is ahead.")] = 0.0,
    return_to_service: Annotated[int, typer.Option(help="Slurm's ReturnToService.", min=0, max=2)] = 0,
    slurm: Annotated[str, typer.Option(help=f"Which Slurm: {', '.join(VERSIONS)}.", callback=_known)] = DEFAULT,
    at: At = None,
) -> None:
    """Run a small site on loopback: Slack, Slurm over SSH, Kubernetes and Redfish, with a page to watch them."""
    world = WorldOptions(
        gpu_nodes=gpu_nodes,
        cpu_nodes=cpu_nodes,
        seed=seed,
        busy=busy,
        return_to_service=return_to_service,
        slurm=slurm,
        slurm_off=timedelta(hours=slurm_clock),
        nodes_off=timedelta(hours=nodes_clock),
    )
    options = SiteOptions(
        directory.resolve(),
        speed=speed,
        at=at,
        port=port,
        redfish_tls=redfish_tls,
        budgets=budgets,
        world=world,
        kube_off=timedelta(hours=kube_clock),
    )
    try:
        asyncio.run(_run(options))
    except OSError as error:
        raise SystemExit(
            f"The sandbox cannot start: {error}. --port and --dir take another port, or folder."
        ) from error


async def _run(options: SiteOptions) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    site = Site(options)
    try:
        await site.start()
        print(site.page_url, flush=True)
        await stop.wait()
    finally:
        await site.stop()


if __name__ == "__main__":
    typer.run(main)
