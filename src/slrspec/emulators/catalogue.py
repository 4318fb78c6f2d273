"""The emulators that are known to run on one machine, and how each starts.

Sources: each product's own documentation, and what was measured of them; a product that needs a container engine or
a licence is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Emulator:
    """One product in one version.

    Attributes
    ----------
    name
        What it is selected by: `moto-5.2.5`.
    product, version
        As the results name them.
    requirements
        What is installed, as pip takes it; empty for what this Python has already.
    command
        What starts it; `{bin}` is the folder of the environment's programs, `{port}` the port, `{home}` an empty
        folder.
    environment
        Variables, with the same places to fill in.
    python
        Oldest Python that it runs on.
    memory
        Megabytes that it needs, measured once.
    note
        What a reader of the results should know.

    """

    name: str
    product: str
    version: str
    requirements: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    python: tuple[int, int] = (3, 11)
    memory: int = 150
    note: str = ""


def _moto(version: str, memory: int) -> Emulator:
    return Emulator(
        name=f"moto-{version}",
        product="moto",
        version=version,
        requirements=(f"moto[server,iam,rds]=={version}",),
        command=("{bin}/moto_server", "-H", "127.0.0.1", "-p", "{port}"),
        memory=memory,
    )


def _ministack(version: str, **environment: str) -> Emulator:
    checked = "-auth" if environment else ""
    return Emulator(
        name=f"ministack-{version}{checked}",
        product="ministack",
        version=version,
        requirements=(f"ministack=={version}",),
        command=("{bin}/ministack",),
        environment={"GATEWAY_PORT": "{port}", "BIND_HOST": "127.0.0.1", "HOME": "{home}", **environment},
        memory=80,
        note="with AUTH=true, which checks policies" if environment else "",
    )


EMULATORS: tuple[Emulator, ...] = (
    _moto("4.2.14", 150),
    _moto("5.0.28", 250),
    _moto("5.1.22", 350),
    _moto("5.2.5", 400),
    _ministack("1.3.42"),
    _ministack("1.4.21"),
    _ministack("1.5.33"),
    _ministack("1.5.33", AUTH="true"),
    Emulator(
        name="localstack-2026.3.0",
        product="localstack-core",
        version="2026.3.0",
        requirements=(
            "localstack-core[runtime]==2026.3.0",
            "cbor2<6",
            "cryptography<47",
            "pyopenssl<26",
            "service_identity<25",
        ),
        command=("{bin}/python", "-m", "localstack.runtime.main"),
        environment={
            "HOME": "{home}",
            "GATEWAY_LISTEN": "127.0.0.1:{port}",
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        },
        python=(3, 13),  # it imports what is there since 3.13, whatever its metadata say
        memory=600,
        note="IAM and STS only: it has no RDS",
    ),
    Emulator(
        name="slrspec-serve",
        product="slrspec serve",
        version="",
        requirements=(),
        command=("{bin}/python", "-m", "slrspec", "serve", "--port", "{port}"),
        memory=300,
        note="AWS as documented, by slrspec itself",
    ),
)
BY_NAME = {emulator.name: emulator for emulator in EMULATORS}
