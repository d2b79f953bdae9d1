"""The names of colours and their values: CSS's, the most used of the xkcd survey, and those of dyed cloth."""

Colour = tuple[int, int, int]
"""sRGB in 0..255."""


def _table(text: str) -> dict[str, Colour]:
    """Return what `text` lists as "name rrggbb", separated by commas."""
    rows = (entry.rsplit(maxsplit=1) for entry in text.split(","))
    return {" ".join(name.split()): rgb_of_code(code) for name, code in rows}


def rgb_of_code(code: str) -> Colour:
    """Return the colour of RRGGBB, with or without a # before it."""
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue


CSS = _table("""
alice blue f0f8ff, antique white faebd7, aqua 00ffff, aquamarine 7fffd4, azure f0ffff, beige f5f5dc, bisque ffe4c4,
black 000000, blanched almond ffebcd, blue 0000ff, blue violet 8a2be2, brown a52a2a, burly wood deb887,
cadet blue 5f9ea0, chartreuse 7fff00, chocolate d2691e, coral ff7f50, cornflower blue 6495ed, cornsilk fff8dc,
crimson dc143c, cyan 00ffff, dark blue 00008b, dark cyan 008b8b, dark goldenrod b8860b, dark grey a9a9a9,
dark green 006400, dark khaki bdb76b, dark magenta 8b008b, dark olive green 556b2f, dark orange ff8c00,
dark orchid 9932cc, dark red 8b0000, dark salmon e9967a, dark sea green 8fbc8f, dark slate blue 483d8b,
dark slate grey 2f4f4f, dark turquoise 00ced1, dark violet 9400d3, deep pink ff1493, deep sky blue 00bfff,
dim grey 696969, dodger blue 1e90ff, fire brick b22222, floral white fffaf0, forest green 228b22, fuchsia ff00ff,
gainsboro dcdcdc, ghost white f8f8ff, gold ffd700, goldenrod daa520, grey 808080, green 008000, green yellow adff2f,
honeydew f0fff0, hot pink ff69b4, indian red cd5c5c, indigo 4b0082, ivory fffff0, khaki f0e68c, lavender e6e6fa,
lavender blush fff0f5, lawn green 7cfc00, lemon chiffon fffacd, light blue add8e6, light coral f08080,
light cyan e0ffff, light goldenrod yellow fafad2, light grey d3d3d3, light green 90ee90, light pink ffb6c1,
light salmon ffa07a, light sea green 20b2aa, light sky blue 87cefa, light slate grey 778899, light steel blue b0c4de,
light yellow ffffe0, lime 00ff00, lime green 32cd32, linen faf0e6, magenta ff00ff, maroon 800000,
medium aquamarine 66cdaa, medium blue 0000cd, medium orchid ba55d3, medium purple 9370db, medium sea green 3cb371,
medium slate blue 7b68ee, medium spring green 00fa9a, medium turquoise 48d1cc, medium violet red c71585,
midnight blue 191970, mint cream f5fffa, misty rose ffe4e1, moccasin ffe4b5, navajo white ffdead, navy 000080,
old lace fdf5e6, olive 808000, olive drab 6b8e23, orange ffa500, orange red ff4500, orchid da70d6,
pale goldenrod eee8aa, pale green 98fb98, pale turquoise afeeee, pale violet red db7093, papaya whip ffefd5,
peach puff ffdab9, peru cd853f, pink ffc0cb, plum dda0dd, powder blue b0e0e6, purple 800080, rebecca purple 663399,
red ff0000, rosy brown bc8f8f, royal blue 4169e1, saddle brown 8b4513, salmon fa8072, sandy brown f4a460,
sea green 2e8b57, seashell fff5ee, sienna a0522d, silver c0c0c0, sky blue 87ceeb, slate blue 6a5acd,
slate grey 708090, snow fffafa, spring green 00ff7f, steel blue 4682b4, tan d2b48c, teal 008080, thistle d8bfd8,
tomato ff6347, turquoise 40e0d0, violet ee82ee, wheat f5deb3, white ffffff, white smoke f5f5f5, yellow ffff00,
yellow green 9acd32
""")
"""https://www.w3.org/TR/css-color-4/#named-colors, with spaces; grey is spelled so."""

XKCD = _table("""
lilac cea2fd, mauve ae7181, peach ffb07c, periwinkle 8e82fe, mustard ceb301, rose cf6275, burnt orange c04e01,
grass green 3f9b0b, baby blue a2cffe, mint green 8fff9f, royal purple 4b006e, brick red 8f1402, burgundy 610023,
seafoam green 7af9ab, kelly green 02ab2e, pea green 8eab12, taupe b9a281, dark brown 341c02, mint 9ffeb0,
pastel green b0ff9d, sand e2ca76, puce a57e52, seafoam 80f9ad, grey blue 6b8ba4, army green 4b5d16, slate 516572,
rust a83c09, deep blue 040273, cerulean 0485d1, mustard yellow d2bd0a, ochre bf9005, hunter green 0b4008,
blue grey 607c8e, pale purple b790d4, sea blue 047495, leaf green 5ca904, eggplant 380835, moss green 658b38,
robins egg blue 98eff9, grey green 789b73, sage 87ae73, burnt sienna b04e0f, reddish brown 7f2b0a, ocean blue 03719c,
greenish yellow cdfd02, yellowish green b0dd16, bluish purple 703be7, purplish blue 601ef9, greyish blue 5e819d,
dusty rose c0737a, grape 6c3461, pinkish red f10c45, electric blue 0652ff, off white ffffe4, wine 80013f,
apple green 76cd26, cobalt 1e488f, neon purple bc13fe, dark lavender 856798, greenish blue 0b8b87,
bluish green 10a674, pastel blue a2bffe, moss 769958, blood red 980002, sage green 88b378,
aqua blue 02d8e9, terracotta ca6641, pastel purple caa0ff, greyish green 82a67d, scarlet be0119, charcoal 343837,
cornflower 6a79f7, baby pink ffb7ce, pine green 0a481e, pumpkin e17701, greenish brown 696112, tangerine ff9408,
salmon pink fe7b7c, aqua green 12e193, raspberry b00149, greyish purple 887191, rose pink f7879a, neon pink fe019a,
cobalt blue 030aa7, orange brown be6400, reddish pink fe2c54, reddish purple 910951, yellow orange fcb001,
purplish pink ce5dae, jade 1fa774, emerald 01a049, emerald green 028f1e, burnt umber a0450e, reddish orange f8481c,
mahogany 4a0100, aubergine 3d0734, pastel pink ffbacd, ice blue d7fffe, neon blue 04d9ff, wine red 7b0323,
chocolate brown 411900, umber b26400, eggshell ffffd4, jungle green 048243, golden yellow fec615, dusty blue 5a86ad,
electric green 21fc0d, marine blue 01386a, avocado 90b134, bottle green 044a05,
pumpkin orange fb7d07, watermelon fd4659, rust red aa2704, copper b66325, strawberry fb2943, cherry cf0234,
gunmetal 536267, warm grey 978a84, french blue 436bad, caramel af6f09, chestnut 742802, fawn cfaf7b, buff fef69e,
amethyst 9b5fc0, rusty orange cd5909, asparagus 77ab56, blueberry 464196, pastel orange ff964f,
neon yellow cfff04, banana yellow fafe4b, neon green 0cff0c, peacock blue 016795, fern green 548d44, ruby ca0147,
saffron feb209, petrol 005f6a, sunflower yellow ffda03, canary yellow fffe40, camel c69f59, racing green 014600,
sapphire 2138ab, cool grey 95a3a6, cinnamon ac4f06, charcoal grey 3c4142, coral pink ff6163, tomato red ec2d01,
olive green 677a04, lime yellow d0fe1d, slate green 658d6d, dusty pink d58a94, light brown ad8150, cocoa 875f42,
khaki aaa662, plum 580f41, chocolate 3d1c02, cream ffffc2, blue green 137e6d, purple pink e03fd8, red orange fd3c06,
amber feb308, apricot ffb16d, bronze a87900, coffee a6814c, mocha 9d7651, lemon fdff52, lemon yellow fdff38,
cerise de0c62, marigold fcc006, melon ff7855, teal blue 01889f, denim blue 3b5b92, ecru feffca, blush f29e8e,
cranberry 9e003a, steel grey 6f828a, golden brown b27a01, bordeaux 7b002c, pistachio c0fa8b, teal green 25a36f,
pale pink ffcfdc, pale blue d0fefe, pale yellow ffff84, dark pink cb416b, dark purple 35063e, dark teal 014d4e,
light purple bf77f6, bright red ff000d, bright blue 0165fc, bright green 01ff07, bright yellow fffd01,
fire engine red fe0002
""")
"""Names of the xkcd colour survey (Munroe 2010, https://xkcd.com/color/rgb.txt, CC0); these go before CSS's."""

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
CLOTH: dict[str, Colour] = CHROMATIC | BROWN_AND_GREYS | SHADES
"""Names whose screen colours no cloth has, as cloth is dyed; the denoiser learned to draw these and no others."""

NAMES: dict[str, Colour] = CSS | XKCD
"""Every name with the value that a background has."""
