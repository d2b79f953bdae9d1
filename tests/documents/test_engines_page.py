"""docs/engines.md lists the engines of the catalogue as they are."""

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec, ParameterSpec
from tests.support.places import ROOT

PAGE = ROOT / "docs/engines.md"


def row(spec: EngineSpec) -> str:
    """Return an engine's line of the table."""
    memory = f"{spec.memory / 1e9:.0f} GB" if spec.memory else ""
    ways = ", ".join([*(kind for kind in spec.kinds if kind != "customise"), *spec.ways])
    takes = ", ".join(taken(name, one) for name, one in spec.parameters.items() if name != "seed")
    native = spec.canvas.native or ""
    licence = f"{spec.licence} | {spec.commercial}"
    return f"| `{spec.name}` | {spec.summary} | {licence} | {memory} | {native} | {ways} | {takes} |"


def taken(name: str, one: ParameterSpec) -> str:
    """Return a parameter as the table tells it: its default, and the words it may be."""
    said = name if one.default in (None, "") else f"{name} {shown(one)}"
    return f"{said} ({', '.join(one.choices)})" if one.choices else said


def shown(one: ParameterSpec) -> str:
    """Return a default as the table tells it."""
    return repr(one.default) if isinstance(one.default, str) and " " in one.default else f"{one.default}"


def test_the_page_lists_every_engine_as_the_catalogue_has_it() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    catalogue = load_catalogue()
    orders = [(str(order.of), ", ".join(f"`{name}`" for name in order.engines)) for order in catalogue.preference]
    told = [f"| `{of}` | {engines} |" for of, engines in orders]
    assert rows == [row(spec) for spec in catalogue.engines] + told
