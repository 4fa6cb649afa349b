"""How is a postmortem written from a terminal? As a Markdown file that is drafted, edited, saved and completed."""

from pathlib import Path

import click

from tocsin.cli.client import find_client
from tocsin.cli.output import as_json, as_person, incident, say, show_json
from tocsin.errors import InvalidInput


@click.command()
@incident
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the draft to this file.")
@click.option("--force", is_flag=True, help="Replace the file that --output names.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep what you wrote in this file.")
@click.option("--request", "is_request", is_flag=True, help="Ask for one that the severity doesn't demand.")
@click.option("--complete", "is_complete", is_flag=True, help="It is done: closes the incident.")
@as_person
@as_json
def postmortem(
    incident: str, output: Path | None, save: Path | None, is_request: bool, is_complete: bool, **common: str | bool
) -> None:
    """Draft the postmortem as Markdown, everything known filled in; save what you wrote; complete it.

    Without options the draft is printed. Saving takes only what people write: the rest comes from the record anew.
    """
    client, by = find_client(), common["by"]
    if is_request:
        client.post("incidents", incident, "postmortem", "request", by=by)
    if save is not None:
        client.put("incidents", incident, "postmortem", "document", document=_read(save), by=by)
    if is_complete:
        client.post("incidents", incident, "postmortem", "complete", by=by)
    draft = client.get("incidents", incident, "postmortem")
    if output is not None:
        _write(output, draft["document"], is_forced=bool(common["force"]))
        say(f"wrote {output}; edit it, then `tocsin postmortem {incident} --save {output}`")
    elif common["is_json"]:
        show_json(draft)
    elif is_complete or save is not None:
        say(f"{incident}: postmortem {'completed' if is_complete else 'saved'}")
    else:
        click.echo(draft["document"])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: can't be read as UTF-8 text: {error}") from error


def _write(path: Path, text: str, *, is_forced: bool) -> None:
    try:
        with path.open("w" if is_forced else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        message = f"{path}: is there already; --save keeps what you wrote in it, --force replaces it"
        raise InvalidInput(message) from error
    except OSError as error:
        raise InvalidInput(f"{path}: can't be written: {error.strerror}") from error


COMMANDS = {"postmortem": postmortem}
