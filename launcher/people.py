"""`ecrm people`: who signs in at the built-in issuer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from launcher.asking import Data, Url, ask

app = typer.Typer(no_args_is_help=True)
screen = Console(highlight=False)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[list[str], typer.Option("--role", help="May be repeated: viewer, agent, marketer, analyst, privacy_officer, administrator or one of yours.")],
    password_file: Annotated[Path | None, typer.Option("--password-file", help="Read the password from here instead of asking.")] = None,
    data: Data = Path("data"), url: Url = "",
) -> None:
    """Let somebody sign in."""
    password = password_file.read_text(encoding="utf-8").strip() if password_file else typer.prompt("password", hide_input=True, confirmation_prompt=True)
    made = ask(data, url, "POST", "/api/v1/people", {"name": name, "password": password, "roles": role})
    screen.print(f"{made['id']}  {made['name']}  {' '.join(made['roles'])}", soft_wrap=True)


@app.command("list")
def list_(data: Data = Path("data"), url: Url = "") -> None:
    """Who signs in, with which roles."""
    table = Table("id", "name", "roles", "state")
    for one in ask(data, url, "GET", "/api/v1/people")["data"]:
        state = "disabled" if one["disabled"] else f"locked until {one['locked_until']}" if one["locked_until"] else "live"
        table.add_row(one["id"], one["name"], " ".join(one["roles"]), state)
    screen.print(table)


@app.command()
def remove(name: str, data: Data = Path("data"), url: Url = "") -> None:
    """Let somebody in no more; counts everywhere within 5 s."""
    found = [one["id"] for one in ask(data, url, "GET", "/api/v1/people")["data"] if name in {one["name"], one["id"]}]
    if not found:
        screen.print(f"[red]Nobody signs in as {name}.[/red]")
        raise typer.Exit(1)
    ask(data, url, "DELETE", f"/api/v1/people/{found[0]}")
    screen.print(f"{name}: removed")
