"""Saved recipes: parts of calls, by owner and name, until they are deleted."""

from typing import Any, Final

from likeness.contract.errors import InvalidField, RecipeNotFound
from likeness.contract.recipes import SavedRecipe
from likeness.queue import keys
from service.queue.admission import translated

MOST_RECIPES: Final = 200
"""Of one owner."""

SAVE: Final = """
-- KEYS: recipes of the owner. ARGV: name, recipe as JSON, most recipes.
-- Answers 1 where it is new, 0 where it replaced another one, -1 where there are too many.
if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 and redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[3]) then
  return -1
end
return redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
"""


class Recipes:
    """The saved recipes of all owners. Its methods raise QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  as in JobQueue
        self._redis = connection

    async def save(self, owner: str, name: str, recipe: SavedRecipe) -> bool:
        """Save a recipe, in the place of the one of that name; return whether there was none. Raises InvalidField."""
        key = keys.OWNER_RECIPES_KEY.format(owner=owner)
        async with translated():
            new = int(await self._redis.eval(SAVE, 1, key, name, recipe.model_dump_json(), MOST_RECIPES))
        if new < 0:
            raise InvalidField.at("name", f"{MOST_RECIPES} recipes are saved, and no more may be: delete one first")
        return new == 1

    async def read(self, owner: str, name: str) -> SavedRecipe:
        """Return a recipe of an owner. Raises RecipeNotFound."""
        async with translated():
            found = await self._redis.hget(keys.OWNER_RECIPES_KEY.format(owner=owner), name)
        if found is None:
            raise _missing(name)
        return SavedRecipe.model_validate_json(found, extra="ignore")

    async def every(self, owner: str) -> dict[str, SavedRecipe]:
        """Return the recipes of an owner, by their names in order."""
        async with translated():
            found = await self._redis.hgetall(keys.OWNER_RECIPES_KEY.format(owner=owner))
        return {name.decode(): SavedRecipe.model_validate_json(found[name], extra="ignore") for name in sorted(found)}

    async def delete(self, owner: str, name: str) -> None:
        """Delete a recipe of an owner; jobs that were made with it keep what they were asked. Raises RecipeNotFound."""
        async with translated():
            if not await self._redis.hdel(keys.OWNER_RECIPES_KEY.format(owner=owner), name):
                raise _missing(name)


def _missing(name: str) -> RecipeNotFound:
    return RecipeNotFound(f"you have no recipe {name}")
