"""`slrspec serve`: AWS as documented behind a port."""

from __future__ import annotations

import ipaddress

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="0 for any that is free."
)
@click.option("--fault", "broken", multiple=True, metavar="ID", help="Break a rule from the start.")
@click.option("--edition", default="2020-10-09", show_default=True, help="Of the page, or v14 for the policy.")
@click.option("--creating", type=click.IntRange(0), default=0, help="Looks for which a DB instance is creating.")
@click.option("--deleting", type=click.IntRange(0), default=0, help="Looks for which it is deleting.")
@click.option("--pending", type=click.IntRange(0), default=0, help="Looks for which a task is in progress.")
@click.option("--lag", type=click.IntRange(0), default=0, help="Reads that lag behind a write.")
@click.option("--seed", type=int, default=None, help="Draw each of these numbers from 0 up, by this seed.")
def serve(  # noqa: PLR0913, PLR0917 - an option each
    host: str,
    port: int,
    broken: tuple[str, ...],
    edition: str,
    creating: int,
    deleting: int,
    pending: int,
    lag: int,
    seed: int | None,
) -> None:
    """Serve AWS as documented, for any SDK and the AWS CLI.

    Any credentials do: those that IAM here made for a user or a role are checked, all others are the root's. The
    server answers `/slrspec` itself: POST /slrspec/reset, POST and DELETE /slrspec/faults/ID, POST /slrspec/pace,
    POST and DELETE /slrspec/sessions.

    \b
    Examples:
      slrspec serve --port 5000
      aws --endpoint-url http://127.0.0.1:5000 iam list-roles
      curl -X POST http://127.0.0.1:5000/slrspec/faults/instances-do-not-block
    """  # noqa: D301
    from slrspec.documented.behaviour import Setting, Timing
    from slrspec.documented.faults import behaviour_with
    from slrspec.documented.server import serving

    behaviour_with(broken)
    timing = Timing(creating=creating, deleting=deleting, pending=pending, lag=lag, seed=seed)
    with serving(host, port, Setting(timing=timing, edition=edition), broken) as server:
        if not _is_loopback(host):
            click.echo(
                f"slrspec: {host} can be reached by other machines; whoever does may do anything here", err=True
            )
        click.echo(f"AWS as documented on {server.url} (Ctrl-C stops it)")
        server.forever()  # until it is interrupted
        click.echo("stopped", err=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
