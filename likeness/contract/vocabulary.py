"""The words that the closed set of edits is said in: colours, patterns, backgrounds, light, and the words around."""

Colour = tuple[int, int, int]

CHROMATIC: dict[str, Colour] = {
    "red": (200, 30, 40),
    "orange": (240, 130, 30),
    "yellow": (240, 210, 50),
    "green": (40, 150, 70),
    "turquoise": (50, 185, 185),
    "blue": (45, 90, 200),
    "purple": (125, 60, 165),
    "pink": (240, 130, 175),
}
BROWN_AND_GREYS: dict[str, Colour] = {
    "brown": (120, 78, 48),
    "black": (30, 30, 32),
    "white": (240, 240, 238),
    "grey": (135, 135, 135),
}
SHADES: dict[str, Colour] = {
    "navy": (28, 40, 84),
    "burgundy": (112, 26, 52),
    "olive": (112, 112, 48),
    "beige": (217, 199, 163),
    "mint": (160, 220, 190),
    "lilac": (195, 165, 215),
    "mustard": (205, 160, 45),
    "coral": (245, 120, 100),
    "dark red": (120, 16, 24),
    "dark green": (20, 84, 44),
    "dark blue": (24, 46, 110),
    "dark grey": (78, 78, 80),
    "light blue": (150, 195, 235),
    "light green": (155, 210, 140),
    "light pink": (250, 195, 215),
    "light grey": (198, 198, 198),
}
COLOURS: dict[str, Colour] = CHROMATIC | BROWN_AND_GREYS | SHADES
"""Twelve names and their shades, as sRGB in 0..255."""

PATTERNS = ("stripes", "hoops", "checks", "dots")
MATERIALS = ("denim", "knit", "leather", "camouflage")
TEXTURES = ("wood", "marble", "concrete")
LIGHTS = ("brighter", "darker", "contrast", "greyscale", "warmer", "cooler")
SIZES: dict[str, float] = {"larger": 1.25, "smaller": 0.8}

SAME_AS: dict[str, str] = {
    "gray": "grey",
    "violet": "purple",
    "teal": "turquoise",
    "cyan": "turquoise",
    "navy blue": "navy",
    "rose": "pink",
    "scarlet": "red",
    "crimson": "dark red",
    "maroon": "burgundy",
    "khaki": "olive",
    "cream": "beige",
    "lavender": "lilac",
    "pale blue": "light blue",
    "pale green": "light green",
    "pale pink": "light pink",
    "pale grey": "light grey",
    "striped": "stripes",
    "stripe": "stripes",
    "vertical stripes": "stripes",
    "horizontal stripes": "hoops",
    "horizontally striped": "hoops",
    "hooped": "hoops",
    "checked": "checks",
    "checkered": "checks",
    "chequered": "checks",
    "plaid": "checks",
    "tartan": "checks",
    "polka dots": "dots",
    "polka dot": "dots",
    "dotted": "dots",
    "spots": "dots",
    "spotted": "dots",
    "jeans fabric": "denim",
    "jean": "denim",
    "knitted": "knit",
    "wool": "knit",
    "woollen": "knit",
    "camo": "camouflage",
    "wooden": "wood",
    "lighter": "brighter",
    "black and white": "greyscale",
    "black-and-white": "greyscale",
    "grayscale": "greyscale",
    "monochrome": "greyscale",
    "contrasty": "contrast",
    "colder": "cooler",
    "bigger": "larger",
    "shrink": "smaller",
    "enlarge": "larger",
}
"""Other words for those above, longest phrases first when looked for."""

BACKGROUND = ("background", "backdrop", "behind")
GRADIENT = ("gradient",)
SAME = ("recreate", "reproduce", "same", "unchanged", "copy", "redraw")

PRODUCTS = frozenset(
    """
    bag blouse blazer body boot boots cap cardigan chair clothes coat cup dress fabric footwear garment handbag
    hat hoodie item jacket jeans jumper longsleeve mug object outerwear outwear pair pants picture piece photo
    photograph image polo product pullover sandal sandals scarf shirt shirts shoe shoes shorts skirt sneaker
    sneakers sock socks sofa sweater sweatshirt table tee top tracksuit trainers trousers tshirt t-shirt
    undershirt vest watch wall surface light lights
    """.split()  # noqa: SIM905  easier to read than a list of strings
)

AROUND = frozenset(
    """
    a add all an and apply are around as be becomes can change clean color colored colour coloured completely
    convert could cover covered design different dye exactly fabric feel fill finish for from fully full give
    goes have i in instead into is it its itself just keep like look looks made make material me more my new of
    on one onto out over paint pattern patterned place plain please print printed put recolor recolour render
    repaint replace set should show simple so solid some stand studio style switch texture textured than that
    the their them there these this those to tone turn uniform up very want was we whole with would you your
    against front everything else only but increase raise lower reduce by percent higher
    """.split()  # noqa: SIM905  easier to read than a list of strings
)
"""Words that change nothing about what is asked."""
