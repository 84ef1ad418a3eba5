"""``wheelyard serve``: run the registry."""

from __future__ import annotations

from pathlib import Path

import click
import platformdirs

from wheelyard_resolver.errors import InputError


@click.command(name="serve", context_settings={"auto_envvar_prefix": "WHEELYARD"})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for everything it keeps [default: of the user's data].",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--upstream",
    multiple=True,
    metavar="URL",
    help="Index asked for names that are not private [default: PyPI]. May be repeated: the first that has it counts.",
)
@click.option(
    "--upstreams",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file of upstream indexes, with names routed to each, file hosts and logins.",
)
@click.option("--private-upstreams", is_flag=True, help="The hosts of --upstream may have private addresses.")
@click.option(
    "--upstream-proxy",
    metavar="URL",
    help="HTTP proxy through which upstreams are reached that name none of their own.",
)
@click.option("--no-upstream", is_flag=True, help="Serve private packages only.")
@click.option(
    "--reserve",
    multiple=True,
    metavar="PATTERN",
    help="Names that never leave the house: 'acme-*'. May be repeated.",
)
@click.option("--offline", is_flag=True, help="Never ask an upstream; serve what was fetched before.")
@click.option(
    "--cooldown",
    default=0,
    show_default=True,
    type=click.IntRange(0, 3650),
    metavar="DAYS",
    help="Age that upstream files must reach before they are served.",
)
@click.option("--cooldown-dry-run", is_flag=True, help="Only count, in /metrics, what the cooldown would hide.")
@click.option(
    "--page-ttl",
    default=300,
    show_default=True,
    type=click.IntRange(0),
    metavar="SECONDS",
    help="How long a page of an upstream is served without asking again.",
)
@click.option("--database", metavar="URL", help="SQLAlchemy URL of the catalogue [default: SQLite in --data].")
@click.option(
    "--trusted-proxy",
    multiple=True,
    metavar="CIDR",
    help="Address or network of a reverse proxy, whose X-Forwarded-For is believed. May be repeated.",
)
@click.option("--max-upload", metavar="BYTES", type=click.IntRange(1), help="Largest upload accepted [default: 8 GiB].")
@click.option(
    "--anonymous-read/--no-anonymous-read",
    default=None,
    help="Whether reading needs no credentials [default: only with --host on loopback].",
)
@click.option(
    "--check-workers",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that solve checks [default: one less than there are processors].",
)
@click.option(
    "--check-deadline",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="After which a check is undecided [default: 120].",
)
@click.option(
    "--tls-certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Serve HTTPS with this certificate and its chain (PEM). Needs --tls-key.",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The certificate's private key (PEM, no password).",
)
@click.option(
    "--grace",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How long open requests may take to finish after a signal.",
)
@click.option(
    "--admin-token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the first admin token here (mode 0600) instead of showing it.",
)
def command(
    *,
    data: Path | None,
    host: str,
    port: int,
    upstream: tuple[str, ...],
    upstreams: Path | None,
    private_upstreams: bool,
    upstream_proxy: str | None,
    no_upstream: bool,
    reserve: tuple[str, ...],
    offline: bool,
    cooldown: int,
    cooldown_dry_run: bool,
    page_ttl: int,
    database: str | None,
    trusted_proxy: tuple[str, ...],
    max_upload: int | None,
    anonymous_read: bool | None,
    check_workers: int | None,
    check_deadline: float | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    grace: float,
    admin_token_file: Path | None,
) -> None:
    """Run the registry: a private index that pip, uv and twine use unchanged.

    The first start shows an admin token once; uploads need it. Stop with Ctrl-C or SIGTERM. Each option may also be a
    variable: WHEELYARD_DATABASE for --database.

    \b
    Examples:
      wheelyard serve --data ./registry --admin-token-file admin.token
      wheelyard serve --host 0.0.0.0 --tls-certificate server.pem --tls-key server.key --reserve 'acme-*'
    """
    if sum(map(bool, (upstream, upstreams, no_upstream))) > 1:
        raise InputError("--upstream, --upstreams and --no-upstream exclude each other", hint="give one of them")
    if (tls_certificate is None) != (tls_key is None):
        raise InputError("--tls-certificate and --tls-key belong together", hint="give both, or neither")
    try:
        from wheelyard_registry import server
    except ModuleNotFoundError as error:
        raise InputError(
            f"the registry is not installed ({error.name} is missing)", hint="pip install 'wheelyard[registry]'"
        ) from error

    directory = data or Path(platformdirs.user_data_dir("wheelyard", appauthor=False)) / "registry"
    settings = server.settings(
        data=directory.resolve(),
        host=host,
        upstream=upstream,
        upstreams_file=upstreams,
        private_upstreams=private_upstreams,
        upstream_proxy=upstream_proxy,
        no_upstream=no_upstream,
        database=database,
        max_upload=max_upload,
        trusted_proxies=trusted_proxy,
        anonymous_read=anonymous_read,
        reserved=reserve,
        offline=offline,
        cooldown=cooldown,
        cooldown_dry_run=cooldown_dry_run,
        page_ttl=page_ttl,
        check_workers=check_workers,
        check_deadline=check_deadline,
    )
    tls = None if tls_certificate is None or tls_key is None else server.Certificate(tls_certificate, tls_key)
    listening = server.Listening(host=host, port=port, token_file=admin_token_file, grace=grace, tls=tls)
    server.serve(settings, listening, lambda text: click.echo(text, err=True))
