"""Manage the API keys: `python -m service.auth`."""

from service.auth.keys import main

if __name__ == "__main__":
    main()
