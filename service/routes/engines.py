"""The catalogue: what each engine can do, and where it is in memory."""

from fastapi import APIRouter, Depends

from likeness.contract.figures import load_figures
from service.auth.dependencies import Owner
from service.docs import examples
from service.docs.responses import EVERYWHERE, OWNED, answer, problems
from service.http.query import OnlyQuery
from service.schemas.engines import EngineList, EngineView
from service.state import Use

router = APIRouter(tags=["engines"], dependencies=[Depends(OnlyQuery())])


@router.get(
    "/engines",
    response_model=EngineList,
    responses={
        200: answer("The catalogue", examples.ENGINES),
        **problems(*EVERYWHERE, *OWNED, instance="/engines"),
    },
)
async def list_engines(services: Use, owner: Owner) -> EngineList:
    """List the engines: what each is for, parameters, limits, what was measured of it, and the workers that hold it."""
    workers = await services.queue.residency()
    missing = services.catalogue.missing(await services.queue.installed())
    figures = load_figures()
    allowed = services.settings.noncommercial
    return EngineList(
        engines=[
            EngineView.of(spec, workers, missing, figures, noncommercial=allowed) for spec in services.catalogue.engines
        ]
    )
