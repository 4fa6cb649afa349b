"""Which passwords are taken? Long ones that nobody tries first (NIST SP 800-63B: length counts, not composition)."""

SHORTEST = 12
LONGEST = 256  # hashing takes time for each byte

# What is tried first wherever a long password is asked for; `_is_dull` finds repetitions and sequences.
_COMMON = ("password", "passw0rd", "changeme", "letmein", "welcome", "qwertyuiop", "administrator", "tocsin")
_SEQUENCES = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_FEWEST_LETTERS = 5  # different ones


def fault_in_password(password: str, email: str = "") -> str | None:
    """Why the password is not taken, with the remedy; None where it is."""
    if len(password) < SHORTEST:
        return f"password: must be at least {SHORTEST} characters long; a few words that you remember do well"
    if len(password) > LONGEST:
        return f"password: must be at most {LONGEST} characters long"
    if _is_dull(password.lower()):
        return "password: is among those that are tried first; take a few words that have nothing to do with each other"
    name = email.partition("@")[0].lower()
    if len(name) >= SHORTEST // 2 and name in password.lower():
        return "password: must not contain your own name"
    return None


def _is_dull(password: str) -> bool:
    if len(set(password)) < _FEWEST_LETTERS:
        return True
    rest = password
    for word in _COMMON:
        rest = rest.replace(word, "")
    rest = rest.strip("0123456789!?.-_ ")
    return len(rest) < len(password) // 4 or any(password in row or password in row[::-1] for row in _SEQUENCES)
