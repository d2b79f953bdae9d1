"""The catalogue: what each engine can do, and where it is in memory."""

from fastapi import APIRouter, Depends

from likeness.contract.figures import load_figures
from likeness.contract.preferences import NOT_INSTALLED
from service.auth.dependencies import Owner
from service.docs import examples
from service.docs.responses import EVERYWHERE, OWNED, answer, problems
from service.http.query import OnlyQuery
from service.jobs.capacity import unfit
from service.schemas.engines import EngineList, EngineView, PreferenceView
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
    """List the engines: uses, parameters, limits, measured figures, workers that hold them; and which is taken."""
    workers, catalogue = await services.queue.residency(), services.catalogue
    missing = catalogue.missing(await services.queue.installed())
    choices = catalogue.choices(dict.fromkeys(missing, NOT_INSTALLED) | unfit(catalogue.engines, workers))
    figures, allowed = load_figures(), services.settings.noncommercial
    views = []
    for spec in catalogue.engines:
        taken = [choice.wanted for choice in choices if choice.spec is spec]
        views.append(EngineView.of(spec, workers, missing, taken, figures, noncommercial=allowed))
    preferences = [PreferenceView.of_choice(choice, catalogue.preferred(choice.wanted)) for choice in choices]
    return EngineList(engines=views, preferences=preferences)
