"""Command line: `python -m localcloud up` runs the cloud with the platform in it until it is interrupted."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sample_data.world import Sizes, World

DEFAULT_PORT = 5600
FIRST_DAY = date(2026, 3, 2)
WAREHOUSE_COMMANDS = {
    "warehouse-plan": "DDL between the contracts and a warehouse, and what is refused",
    "warehouse-migrate": "run that DDL; goes on where it stopped",
    "warehouse-access-plan": "roles, grants, masks and row policies that a warehouse lacks",
    "warehouse-access": "give every role its rights",
}
STACK = {
    "apply": "start a cloud in the background and let Terraform create the platform in it, or update it",
    "plan": "what Terraform would change there",
    "check-wiring": "whether what it made there fits together: names, permissions, failures, alarms",
    "destroy": "let Terraform destroy it, then end the cloud",
}
# What most jobs import and what starts no thread of an engine: a fork would lose it (duckdb starts one).
# OpenBLAS and jemalloc end theirs before a fork.
PRELOAD = (
    *("boto3", "pyarrow", "pyiceberg.catalog.glue", "pyiceberg.io.pyarrow"),
    *("jsonschema_rs", "orjson", "phonenumbers", "scipy.cluster.hierarchy", "scipy.sparse", "sqlglot", "yaml"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="The platform on a laptop.")
    subcommands = parser.add_subparsers(required=True, metavar="command")
    _add_up(subcommands.add_parser("up", help="run the cloud, with the platform created, until Ctrl-C"))
    _add_demo(subcommands.add_parser("demo", help="two days of data through the whole platform, with a report"))
    _add_down(subcommands.add_parser("down", help="stop a demo that was kept running"))
    _add_query(subcommands.add_parser("query", help="one of the analysts' questions, asked of a demo's warehouse"))
    _add_queries(subcommands.add_parser("queries", help="all of the analysts' questions, with their times"))
    for name, what in WAREHOUSE_COMMANDS.items():
        _add_warehouse(subcommands.add_parser(name, help=what), name)
    _add_serve(subcommands.add_parser("serve", help="run an empty cloud and a warehouse for Terraform"))
    for name, text in STACK.items():
        _add_stack(subcommands.add_parser(name, help=text), name)
    _add_day(subcommands.add_parser("day", help="the next day of sample data through what Terraform made there"))
    _add_dashboard(subcommands.add_parser("dashboard", help="the desk over a demo's warehouse and runs, until Ctrl-C"))
    options = parser.parse_args(arguments)
    return int(options.run(options))


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_up)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--work-dir", type=Path, default=Path("build/localcloud"), help="logs and unpacked code")
    parser.add_argument("--environment", default="local", help="name of the environment (default: %(default)s)")
    parser.add_argument("--schedules", action="store_true", help="let schedules fire by themselves")
    parser.add_argument("--no-preload", action="store_true", help="less memory, jobs start more slowly")
    parser.add_argument("--for-parent", action="store_true", help=argparse.SUPPRESS)


def _up(options: argparse.Namespace) -> int:
    from localcloud.cloud import LocalCloud
    from localcloud.platform import create_platform

    ended = _until_interrupted()
    preload = () if options.no_preload else PRELOAD
    cloud = LocalCloud(options.work_dir, options.port, preload=preload, fires_schedules=options.schedules)
    with cloud:
        if options.for_parent:
            threading.Thread(target=_end_with_parent, args=(ended,), daemon=True).start()
            print(json.dumps({"environment": cloud.environment()}), flush=True)
        else:
            platform = create_platform(cloud, options.environment)
            print(f"AWS is at {cloud.endpoint}, its logs in {cloud.work_dir / 'logs'}; Ctrl-C ends it. Try:\n")
            print(f"  export {' '.join(f'{name}={value}' for name, value in cloud.environment().items())}")
            print(f"  aws s3 ls s3://{platform.bucket['raw']}\n", flush=True)
        ended.wait()
    if options.for_parent:
        os._exit(0)  # everything has ended; what is left is to take moto's modules apart, which takes seconds
    return 0


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_demo)
    _add_world(parser)
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="replaced (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the cloud running afterwards, until Ctrl-C")
    parser.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb", help="default: %(default)s")
    parser.add_argument("--terraform", action="store_true", help="let Terraform create the platform (minutes)")


def _add_world(parser: argparse.ArgumentParser) -> None:
    for name, size in Sizes()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=size, help="on day 1 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another world (default: %(default)s)")
    parser.add_argument("--first-day", type=date.fromisoformat, default=FIRST_DAY, help="default: %(default)s")


def _world(options: argparse.Namespace) -> World:
    return World(options.seed, Sizes(*(getattr(options, name) for name in Sizes._fields)), options.first_day)


def _demo(options: argparse.Namespace) -> int:
    from rich.console import Console

    from localcloud.day import DemoError
    from localcloud.demo import Creation, from_list, from_terraform, play
    from localcloud.terraform import TerraformError

    console = Console()
    create: Creation = from_list
    if options.terraform:
        if options.engine == "spark":
            console.print("[red]Spark's Glue catalog cannot be pointed at this machine: --terraform runs on duckdb[/]")
            return 2
        create = from_terraform(options.work_dir / "terraform", console)
    try:
        play(_world(options), options.work_dir, console, create, options.engine, options.keep)
    except (DemoError, TerraformError) as error:
        console.print(f"[red]{error}[/]")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; everything it started has been stopped")
        return 130
    return 0


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    parser.add_argument("--work-dir", type=Path, required=True, help="gets cloud.json once the cloud answers")


def _serve(options: argparse.Namespace) -> int:
    from localcloud.cloud import LocalCloud
    from localcloud.day import PASSWORD, WAREHOUSE
    from localcloud.local_stack import write_self
    from localcloud.redshift.wire import RedshiftServer

    ended = _until_interrupted()
    with LocalCloud(options.work_dir / "cloud", preload=PRELOAD, fires_schedules=True) as cloud:
        server = RedshiftServer(options.work_dir / "warehouse.duckdb", 0, PASSWORD, cloud.client("s3")).start()
        where = WAREHOUSE | {"port": str(server.port), "password": PASSWORD}
        write_self(options.work_dir, cloud.environment(), where)
        ended.wait()
        server.stop()
    return 0


def _add_stack(parser: argparse.ArgumentParser, name: str) -> None:
    parser.set_defaults(run=_stack, name=name)
    parser.add_argument("--work-dir", type=Path, default=Path("build/local"), help="default: %(default)s")


def _add_day(parser: argparse.ArgumentParser) -> None:
    _add_world(parser)
    _add_stack(parser, "day")


def _stack(options: argparse.Namespace) -> int:
    from rich.console import Console

    from localcloud.day import DemoError
    from localcloud.local_stack import LocalStack
    from localcloud.terraform import TerraformError

    console = Console()
    arguments = [_world(options)] if options.name == "day" else []
    try:
        getattr(LocalStack(options.work_dir, console), options.name.replace("-", "_"))(*arguments)
    except (DemoError, TerraformError) as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; run it again: what had been done by then is kept")
        return 130
    return 0


def _add_down(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_down)
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="default: %(default)s")


def _down(options: argparse.Namespace) -> int:
    from localcloud.demo import stop_kept

    return stop_kept(options.work_dir)


def _add_query(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_query)
    parser.add_argument("name", nargs="?", help="a file of sql/warehouse/analytics; without one, all are listed")
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="default: %(default)s")
    parser.add_argument("--rows", type=int, default=20, help="rows shown at most (default: %(default)s)")
    _add_role(parser)


def _add_queries(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_query, name="*", rows=0)
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="default: %(default)s")
    _add_role(parser)


def _add_role(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", default="", help="who asks: viewer, analyst, data_steward, admin (default: the owner)"
    )


def _query(options: argparse.Namespace) -> int:
    from rich.console import Console

    from localcloud import queries

    console = Console()
    if options.name is None:
        queries.show_questions(console)
        return 0
    try:
        wanted = queries.names() if options.name == "*" else [options.name]
        with queries.open_warehouse(options.work_dir, options.role) as warehouse:
            answers = {name: queries.ask(warehouse, name) for name in wanted}
    except queries.QueryError as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 1
    if options.name == "*":
        queries.show_timings(console, answers)
    else:
        queries.show_answer(console, options.name, answers[options.name], options.rows)
    return 0


def _add_warehouse(parser: argparse.ArgumentParser, name: str) -> None:
    parser.set_defaults(run=_warehouse, command=name)
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="default: %(default)s")
    parser.add_argument("--settings", type=Path, help="JSON that names another warehouse, see docs/warehouse_load.md")


def _warehouse(options: argparse.Namespace) -> int:
    from rich.console import Console

    from localcloud import warehouse_commands

    return warehouse_commands.run(Console(), options.command, options.work_dir, options.settings)


def _until_interrupted() -> threading.Event:
    """Is set by Ctrl-C, and when the process is told to end."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _add_dashboard(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_dashboard)
    parser.add_argument("--work-dir", type=Path, default=Path("build/demo"), help="default: %(default)s")
    parser.add_argument("--role", default="data_steward", help="who looks (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8501, help="default: %(default)s")
    parser.add_argument("--address", default="127.0.0.1", help="0.0.0.0 lets a phone in your network look too")


def _dashboard(options: argparse.Namespace) -> int:
    from rich.console import Console

    from localcloud import desk
    from localcloud.queries import QueryError

    console = Console()
    try:
        return desk.run(console, options.work_dir, options.role, options.port, options.address)
    except QueryError as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 1


def _end_with_parent(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
