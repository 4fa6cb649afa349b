"""How fast is it? Figures beside a peer's in the same run, each with its goal; `python -m bench`."""
