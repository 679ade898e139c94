"""The page is served whole, follows the room, takes faults, and draws everything that Slack's server lets through."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.faults import SIDES, Fault, Faults
from sandbox.page.server import STATIC, Page
from sandbox.slack import blocks, elements

MODULES = sorted(each.name for each in STATIC.iterdir() if each.name.endswith(".js"))


class Room:
    """A room in which nothing happens but time."""

    def __init__(self) -> None:
        self.asked = 0

    def snapshot(self) -> dict[str, Any]:
        self.asked += 1
        return {"now": "2026-11-23T10:00:00+00:00", "speed": 60.0, "nodes": [], "jobs": [], "pods": {}, "faults": []}


@asynccontextmanager
async def page() -> AsyncIterator[tuple[TestClient[Any, Any], Faults]]:
    app, faults = web.Application(), Faults()
    Page(Room(), faults).add_routes(app)
    async with TestClient(TestServer(app)) as client:
        yield client, faults


def served(test: Callable[[TestClient[Any, Any], Faults], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with page() as (client, faults):
            await test(client, faults)

    asyncio.run(run())


def test_the_page_and_every_file_it_names_are_served() -> None:
    """Nobody meets half a page."""

    async def check(client: TestClient[Any, Any], _faults: Faults) -> None:
        html = await (await client.get("/")).text()
        for name in [*re.findall(r'"/page/([^"]+)"', html), *MODULES]:
            response = await client.get(f"/page/{name}")
            assert response.status == 200, name

    served(check)


def test_nothing_outside_the_page_is_served() -> None:
    """A path that climbs out finds nothing."""

    async def check(client: TestClient[Any, Any], _faults: Faults) -> None:
        for path in ("/page/../server.py", "/page/%2e%2e%2fserver.py", "/page/server.py", "/page/nothing.js"):
            assert (await client.get(path)).status == 404

    served(check)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """It works on a machine without the internet."""
    for each in STATIC.iterdir():
        foreign = set(re.findall(r"https?://[^\s\"'`)]+", each.read_text())) - {"http://www.w3.org/2000/svg"}
        assert not foreign, each.name


@pytest.mark.parametrize("name", MODULES)
def test_every_import_of_a_module_is_exported_where_it_says(name: str) -> None:
    """A renamed function breaks a test, not the page."""
    text = STATIC.joinpath(name).read_text()
    for names, source in re.findall(r"import \{([^}]+)\} from \"\./([\w.]+)\"", text):
        exported = STATIC.joinpath(source).read_text()
        for each in names.split(","):
            assert re.search(rf"export (async )?(const|function) {re.escape(each.strip())}\W", exported), (source, each)


def test_every_block_and_element_that_passes_is_drawn() -> None:
    """What Slack would show, the page shows."""
    drawn = STATIC.joinpath("blocks.js").read_text()
    missing = [kind for kind in blocks.KINDS if not re.search(rf"^.*\b{kind}\b[:,]", drawn, re.MULTILINE)]
    drawn = STATIC.joinpath("elements.js").read_text()
    missing += [
        kind
        for kind in elements.ACTIONS | elements.INPUTS
        if not re.search(rf"^  .*\b{kind}\b[:,]", drawn, re.MULTILINE)
    ]
    assert missing == []


def test_the_room_is_streamed_again_and_again() -> None:
    """The machine room moves by itself."""

    async def check(client: TestClient[Any, Any], _faults: Faults) -> None:
        response = await client.get("/sandbox/room/stream", timeout=aiohttp.ClientTimeout(total=5))
        for _ in range(2):
            line = await response.content.readline()
            await response.content.readline()
            assert json.loads(line.removeprefix(b"data: "))["speed"] == 60.0
        response.close()

    served(check)


def test_a_fault_is_set_listed_and_cleared() -> None:
    """What a person breaks they can mend."""

    async def check(client: TestClient[Any, Any], faults: Faults) -> None:
        await client.post("/sandbox/faults", json={"side": "puppet", "mode": "fail", "node": "gpu011"})
        await client.post("/sandbox/faults", json={"side": "kube", "mode": "refuse", "times": 1})
        assert faults.listed() == (Fault("puppet", "fail", "gpu011"), Fault("kube", "refuse", None, 1))
        left = await (await client.delete("/sandbox/faults", params={"side": "puppet", "node": "gpu011"})).json()
        assert [fault["side"] for fault in left["faults"]] == ["kube"]
        assert set(left["sides"]) == set(SIDES)

    served(check)


def test_a_fault_that_cannot_be_is_refused_with_what_can() -> None:
    """A typo in a story is told."""

    async def check(client: TestClient[Any, Any], faults: Faults) -> None:
        response = await client.post("/sandbox/faults", json={"side": "puppet", "mode": "explode"})
        assert response.status == 400
        assert "it can fail, hang" in (await response.json())["error"]
        assert faults.listed() == ()

    served(check)
