"""The catalogue: what each engine can do, and where it is in memory."""

from fastapi import APIRouter, Depends

from service import examples
from service.docs import EVERYWHERE, OWNED, answer, problems
from service.state import OnlyQuery, Owner, Use
from service.wire import EngineList, EngineView

router = APIRouter(tags=["engines"])


@router.get(
    "/engines",
    response_model=EngineList,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("The catalogue", examples.ENGINES),
        **problems(*EVERYWHERE, *OWNED, instance="/engines"),
    },
)
async def list_engines(services: Use, owner: Owner) -> EngineList:
    """List the engines: kinds of job, parameters with bounds and defaults, limits, and the workers that hold them."""
    workers = await services.queue.residency()
    missing = services.catalogue.missing(await services.queue.installed())
    return EngineList(engines=[EngineView.of(spec, workers, missing) for spec in services.catalogue.engines])
