"""Which files do pages need? Style, scripts and what is vendored; each under a name that changes with it.

A browser may keep such a file for ever, so a page asks for nothing twice; after an upgrade the name is another.
"""

import hashlib
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tocsin.errors import NotFound

ROOT = Path(str(files("tocsin.web"))) / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".map": "application/json"}


class StaticFiles:
    """The files below `static/`, as they are when the server starts."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._digests = {
            str(path.relative_to(root)): hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def url(self, name: str) -> str:
        """Where a page finds the file; raises NotFound for one that isn't there."""
        if name not in self._digests:
            raise NotFound(f"static file: there is no {name!r}")
        return f"/static/{self._digests[name]}/{name}"

    async def get(self, request: Request) -> Response:
        """The file, under its present name only."""
        name = request.path_params["name"]
        if self._digests.get(name) != request.path_params["digest"]:
            raise NotFound(f"static file: there is no {name!r}")
        path = self._root / name
        headers = {"Cache-Control": _FOR_EVER}
        return FileResponse(path, headers=headers, media_type=_TYPES.get(path.suffix))
