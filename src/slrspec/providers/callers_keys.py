"""A session whose clients sign each call with the keys of whoever makes it.

To make a client takes as long as its next call, and every principal would need its own. Here one client serves all
of them, by what botocore offers for credentials that change: it asks for them anew for each signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session


def session_with_keys(current: Callable[[], tuple[str, str]]) -> Session:
    """Return a session that has no keys of its own.

    Parameters
    ----------
    current
        Returns access key and secret key of whoever makes the call that is about to be signed.

    """
    import boto3.session
    import botocore.session
    from botocore.credentials import Credentials, ReadOnlyCredentials

    class CallersKeys(Credentials):
        def get_frozen_credentials(self) -> ReadOnlyCredentials:
            return ReadOnlyCredentials(*current(), None)

    class Resolver:
        @staticmethod
        def load_credentials() -> Credentials:
            return CallersKeys("of the caller", "of the caller")

    underneath = botocore.session.Session()
    underneath.register_component("credential_provider", Resolver())
    return boto3.session.Session(botocore_session=underneath)
