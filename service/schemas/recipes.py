"""Saved recipes as callers see them."""

from pydantic import BaseModel

from likeness.contract.recipes import SavedRecipe


class RecipeView(SavedRecipe):
    """A saved recipe with its name."""

    name: str


class RecipeList(BaseModel):
    """Your saved recipes, by name."""

    recipes: list[RecipeView]
