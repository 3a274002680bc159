"""The main server's login, as a client on this machine does it."""

import webbrowser

from fastmcp.client.auth import OAuth
from key_value.aio.stores.memory import MemoryStore

from test.tools.check.options import Options
from test.tools.speech import Speech

LOGIN_SECONDS = 300.0


class TerminalLogin(OAuth):
    """Tells where to log in; tokens are kept in memory, for all connections of this run."""

    def __init__(self, options: Options, speech: Speech) -> None:
        self._speech = speech
        self._opens_browser = options.opens_browser
        super().__init__(
            client_name="cnpg-mcp check",
            token_storage=MemoryStore(),
            callback_port=options.callback_port,
            callback_timeout=LOGIN_SECONDS,
        )

    async def redirect_handler(self, authorization_url: str) -> None:
        """Opens the login page, or says where it is; standard output is for the result."""
        if self._opens_browser and webbrowser.open(authorization_url):
            self._speech.remark("A browser opens for the login. If none does, open this address:")
        else:
            self._speech.remark("Open this address in a browser on this machine, and log in:")
        self._speech.remark(f"\n  {authorization_url}\n")
