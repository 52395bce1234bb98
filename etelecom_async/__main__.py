"""`python -m etelecom_async`: the `etelecom` command where scripts are not on the PATH."""

from .cli import main

if __name__ == "__main__":
    main()
