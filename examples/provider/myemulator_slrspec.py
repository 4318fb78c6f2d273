"""How an emulator's own package lets slrspec judge it: `slrspec run --provider myemulator`."""

import sys

from slrspec.providers.endpoint import EndpointProvider
from slrspec.providers.endpoint_settings import EndpointSettings
from slrspec.providers.server_process import free_port


class MyEmulator(EndpointProvider):
    """Started for the run on a free port; `myemulator:http://127.0.0.1:5000` is one that runs already."""

    def __init__(self, url: str = "") -> None:
        port = free_port()
        command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))  # yours instead
        super().__init__(
            EndpointSettings(
                name="myemulator",
                url=url or f"http://127.0.0.1:{port}",
                start=() if url else command,
                product="My emulator",
                version="1.0",
                patience=1,  # seconds to wait for something eventual
            )
        )
