"""`python -m tocsin`: the command line."""

from tocsin.cli.main import main

if __name__ == "__main__":
    main()
