"""Run the service: `python -m service`."""

from service.app import main

if __name__ == "__main__":
    main()
