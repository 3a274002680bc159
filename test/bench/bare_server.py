"""The floor: FastMCP with one tool that makes the bare Table call, for anybody who asks."""

import sys
from pathlib import Path

import uvicorn
from fastmcp import FastMCP
from pydantic_core import from_json

from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.kube.tables import TABLE
from test.controlplane.api import KubeClient

HTTP = 2
"""Place of the port among the arguments: with it http is served, else stdio."""
server = FastMCP("bare")
_clients: list[KubeClient] = []


async def bare_table(client: KubeClient, namespace: str, limit: int) -> list[list[object]]:
    """The cells of the API server's Table, by the shortest way."""
    path = BY_PLURAL["clusters"].path(namespace)
    params = {"limit": str(limit), "includeObject": "None"}
    async with client.session.get(path, params=params, headers={"Accept": TABLE}) as response:
        return [row["cells"] for row in from_json(await response.read())["rows"]]


@server.tool
async def list_clusters(namespace: str, limit: int) -> dict[str, list[list[object]]]:
    """List clusters as the API server's Table."""
    if not _clients:
        _clients.append(await KubeClient(Path(sys.argv[1])).__aenter__())
    return {"clusters": await bare_table(_clients[0], namespace, limit)}


if __name__ == "__main__":
    if len(sys.argv) > HTTP:
        app = server.http_app(path="/mcp", stateless_http=True, json_response=True)
        uvicorn.run(app, port=int(sys.argv[HTTP]), log_level="warning", access_log=False)
    else:
        server.run(show_banner=False)
