"""One file per family, named as the family is published; resolved lazily by worker/residency/engines.py."""
