"""Run the command: `python -m likeness.cli`."""

from likeness.cli.main import app

if __name__ == "__main__":
    app(prog_name="likeness")
