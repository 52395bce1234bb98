"""`python -m etelecom_async.cli`: the `etelecom` command where scripts are not on the PATH."""

from . import main

if __name__ == "__main__":
    main()
