"""What is a mutant? One deliberate bug: a file of the product in which one text is replaced by another."""

from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
PRODUCT = Path("src/tocsin")


class Mutant(Struct, frozen=True):
    """A bug by the invariant it breaks (the numbers of the reliability specification), and the tests that must fail.

    `file` is relative to the product; `old` must stand in it exactly once.
    """

    name: str
    invariant: int
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]

    def applied_to(self, product: Path) -> str:
        """The text of the file with the bug in it; raises LookupError where `old` isn't found once."""
        text = (product / self.file).read_text()
        found = text.count(self.old)
        if found != 1:
            problem = f"{self.file} must contain the old text once, got {found} times; bring the mutant up to date"
            problem = f"{self.file} must contain the old text once, got {found} times; bring the mutant up to date"
            raise LookupError(f"{self.name}: {problem}")
        mutated = text.replace(self.old, self.new)
        if self.file.endswith(".py"):
            compile(mutated, self.file, "exec")  # a bug is no syntax error
        return mutated
