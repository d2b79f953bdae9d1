"""The words of the closed set of edits: what names an edit, what it is done to, and what joins them.

Every word has one role, so that the grammar can account for it. Words that are known and cannot be done have a role
too: the refusal then says why.
"""

import tomllib
from enum import StrEnum
from importlib import resources

LEARNED_PATTERNS = ("stripes", "hoops", "checks", "dots")
"""The patterns whose words the denoiser learned; all are drawn by arithmetic."""
PATTERNS = (*LEARNED_PATTERNS, "gingham", "tartan", "herringbone", "houndstooth", "floral")
MATERIALS = ("denim", "knit", "leather", "camouflage")
TEXTURES = ("wood", "marble", "concrete")
LEARNED_LIGHTS = ("brighter", "darker", "contrast", "greyscale", "warmer", "cooler")
"""The lights that the denoiser learned; the others are made by arithmetic."""
LIGHTS = (*LEARNED_LIGHTS, "softer")
SIZES: dict[str, float] = {"larger": 1.25, "smaller": 0.8}
TEXTURE_COLOURS: dict[str, frozenset[str]] = {
    "wood": frozenset({"brown", "light brown"}),
    "marble": frozenset({"white", "off white"}),
    "concrete": frozenset({"grey", "light grey"}),
}
"""The colours that a texture has of itself, and that may be said of it."""
OPPOSITES = ({"brighter", "darker"}, {"warmer", "cooler"}, {"contrast", "softer"})
"""Lights that undo each other."""

MATTER = frozenset({"bronze", "chocolate", "copper", "gold", "linen", "mahogany", "sand", "silver", "slate", "snow"})
"""Colours that are substances too: a floor of one of these is not a background in that colour."""


class Role(StrEnum):
    """What a word is in a sentence."""

    COLOUR = "colour"
    PATTERN = "pattern"
    MATERIAL = "material"
    TEXTURE = "texture"
    LIGHT = "light"
    SIZE = "size"
    GRADIENT = "gradient"
    PLAIN = "plain"
    TEXT = "text"
    """What stood in quotation marks."""
    SAME = "same"
    OTHER_MATERIAL = "other_material"
    """A material that describes a product and that none can be changed to."""
    DEGREE = "degree"
    PRODUCT = "product"
    IT = "it"
    BACKGROUND = "background"
    SURFACE = "surface"
    PICTURE = "picture"
    PART = "part"
    ATTRIBUTE = "attribute"
    LIGHTING = "lighting"
    """What more or less may be asked of."""
    REST = "rest"
    WRITING = "writing"
    VERB = "verb"
    MARKER = "marker"
    DIRECTION = "direction"
    THE = "the"
    A = "a"
    JOIN = "join"
    OR = "or"
    NOT = "not"
    STATEMENT = "statement"
    """It tells or asks how something is, not what to do."""
    ONLY = "only"
    AROUND = "around"
    """It changes nothing about what is asked."""


QUALITIES = frozenset(
    {
        Role.COLOUR, Role.PATTERN, Role.MATERIAL, Role.TEXTURE, Role.LIGHT, Role.SIZE, Role.GRADIENT, Role.PLAIN,
        Role.TEXT, Role.SAME, Role.OTHER_MATERIAL, Role.DEGREE,
    }
)  # fmt: skip
"""The roles of what is asked, or describes."""
NOUNS = frozenset(
    {
        Role.PRODUCT, Role.IT, Role.BACKGROUND, Role.SURFACE, Role.PICTURE, Role.PART, Role.ATTRIBUTE, Role.LIGHTING,
        Role.REST, Role.WRITING,
    }
)  # fmt: skip
"""The roles of what something is done to."""

SAME_AS: dict[str, tuple[str, ...]] = {
    "stripes": ("stripe", "striped", "vertical stripes", "vertical stripe", "pinstripes", "vertically striped"),
    "hoops": ("hooped", "horizontal stripes", "horizontal stripe", "horizontally striped", "hoop"),
    "checks": ("check", "checked", "checkered", "chequered"),
    "dots": ("polka dots", "polka dot", "dotted", "spots", "spotted", "dot"),
    "gingham": ("gingham check", "vichy", "gingham checks"),
    "tartan": ("plaid", "tartan check", "tartan checks"),
    "herringbone": ("herringbones", "chevron"),
    "houndstooth": ("hound's tooth", "dogtooth", "pied de poule"),
    "floral": ("flowers", "flower", "flowered", "flowery", "florals"),
    "denim": ("jeans fabric", "jean", "jeans material", "denim fabric"),
    "knit": ("knitted", "wool", "woollen", "woolen", "knitwear"),
    "leather": ("real leather",),
    "camouflage": ("camo",),
    "wood": ("wooden", "timber"),
    "marble": ("marbled",),
    "concrete": ("cement",),
    "brighter": ("lighter", "brighten", "lighten"),
    "darker": ("darken", "dim"),
    "greyscale": ("black and white", "grayscale", "monochrome", "grey scale"),
    "warmer": ("warm up",),
    "cooler": ("colder", "cool down"),
    "larger": ("bigger", "enlarge", "enlarged", "scale up"),
    "smaller": ("shrink", "scale down"),
}
"""Other ways to say the words above."""

GOES_BY = {
    "brightness": ("brighter", "darker"),
    "contrast": ("contrast", "softer"),
    "warmth": ("warmer", "cooler"),
    "coolness": ("cooler", "warmer"),
    "darkness": ("darker", "brighter"),
}
"""What more and what less of something is."""
SAID_OF = {
    "brightness": ("brightness", "light", "lighting", "exposure", "bright", "lights"),
    "contrast": ("contrast", "contrasts", "contrasty"),
    "warmth": ("warmth", "warm", "colour temperature"),
    "coolness": ("coolness", "cool", "cold"),
    "darkness": ("darkness", "dark"),
}


def _words() -> dict[Role, dict[str, list[str]]]:
    read = tomllib.loads(resources.files("likeness.contract").joinpath("words.toml").read_text("utf-8"))
    return {
        Role(role): {
            value: [" ".join(said.split()) for said in phrases.split(";")] for value, phrases in values.items()
        }
        for role, values in read.items()
    }


WORDS: dict[Role, dict[str, list[str]]] = _words()
"""The words of each role by what they stand for, "" being each itself."""
