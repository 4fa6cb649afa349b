"""Which bugs must be caught? All mutants, in the order of the invariants they break."""

from tests.mutants import domain, shell

MUTANTS = tuple(sorted((*domain.MUTANTS, *shell.MUTANTS), key=lambda mutant: mutant.invariant))
