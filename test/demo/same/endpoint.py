"""One API server, asked by raw HTTP as its admin."""

import json
import ssl
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import httpx
import yaml

from cnpg_mcp.demo.client import ApiError
from test.controlplane.plane import Plane
from test.demo.same.exchange import FORGET, Answer, Exchange, post

PATIENCE = 60
"""Seconds until an exchange that is repeated has to be answered as wanted."""


class Endpoint:
    """Where exchanges are sent: by the admin, or by whom an Authorization of their own names."""

    def __init__(
        self,
        name: str,
        client: httpx.Client,
        anonymous: httpx.Client,
        forget: Callable[[], object],
    ) -> None:
        self.name = name
        self._client = client
        self._anonymous = anonymous
        self._forget = forget

    def send(self, exchange: Exchange) -> Answer:
        """One exchange, repeated where it asks for that, and while the server is starting."""
        deadline = monotonic() + PATIENCE
        answer = self._once(exchange)
        while _is_starting(answer) or exchange.until not in (None, answer.status):
            if monotonic() > deadline:
                raise TimeoutError(f"{self.name}: {exchange}: still {answer.status}")
            sleep(0.05)
            answer = self._once(exchange)
        return answer

    def new_namespace(self) -> str:
        """A namespace of its own for a scene."""
        name = f"same-{uuid4().hex[:10]}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        created = self.send(post("/api/v1/namespaces", body))
        if created.status != httpx.codes.CREATED:
            raise RuntimeError(f"{self.name}: no namespace: {created.body}")
        return name

    def _once(self, exchange: Exchange) -> Answer:
        if exchange is FORGET:
            self._forget()
            return Answer(200, {}, (), "forgotten")
        try:
            return self._asked(exchange)
        except httpx.RemoteProtocolError as error:
            return Answer(0, {}, (), f"no answer: {error}")

    def _asked(self, exchange: Exchange) -> Answer:
        own = {name.lower() for name, _ in exchange.headers}
        client = self._anonymous if "authorization" in own else self._client
        with client.stream(
            exchange.method,
            exchange.path,
            params=dict(exchange.query),
            content=exchange.content,
            headers=list(exchange.headers),
        ) as response:
            return _answer(response, exchange.events)


def _is_starting(answer: Answer) -> bool:
    """Whether the API server has no storage for the kind yet: nothing was done."""
    return (
        answer.status == httpx.codes.TOO_MANY_REQUESTS
        and isinstance(answer.body, dict)
        and ApiError(answer.status, answer.body).is_starting
    )


def _answer(response: httpx.Response, events: int | None) -> Answer:
    body: Any
    if events is None or not response.is_success:
        response.read()
        body = _parsed(response.text)
    else:
        body = list(_events(response, events))
    headers = response.headers
    return Answer(response.status_code, dict(headers), headers.get_list("warning"), body)


def _events(response: httpx.Response, wanted: int) -> Iterator[object]:
    lines = response.iter_lines()
    for _ in range(wanted):
        try:
            yield json.loads(next(lines))
        except StopIteration:
            return


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


@contextmanager
def endpoint(name: str, kubeconfig: Path, forget: Callable[[], object]) -> Iterator[Endpoint]:
    """An API server by the kubeconfig of its admin, and how it is made to forget the past."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    headers = {"Accept": "application/json"}
    token = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
    common = {"base_url": cluster["server"], "timeout": 90}
    with (
        httpx.Client(
            verify=_context(cluster, user), headers={**headers, **token}, **common
        ) as known,
        httpx.Client(verify=_context(cluster, {}), headers=headers, **common) as stranger,
    ):
        yield Endpoint(name, known, stranger, forget)


def forgetting(plane: Plane) -> Callable[[], object]:
    """Makes a real API server forget; it answers from its cache until it is started anew."""

    def forget() -> None:
        plane.compact()
        plane.apiserver_stop()
        plane.apiserver_start()

    return forget


def _context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext | bool:
    if "certificate-authority-data" not in cluster:
        return False
    authority = b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b64decode(user["client-certificate-data"]))
            file.write(b64decode(user["client-key-data"]))
            file.flush()
            context.load_cert_chain(file.name)
    return context
