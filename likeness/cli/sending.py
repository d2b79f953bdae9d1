"""The options that commands share, in groups: a command that has a parameter of a group gets all of its options."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from likeness.cli.options import (
    OUT,
    URL,
    AsJson,
    Candidates,
    Engine,
    GuidanceScale,
    Key,
    Label,
    Out,
    Seed,
    Steps,
    Strength,
    Url,
)
from likeness.cli.options import Parameters as Settings
from likeness.cli.values import loras, pairs, parameters, thresholds
from likeness.cli.values import place as place_of
from likeness.contract.options import Font

Command = Callable[..., None]
Text = str | None
Number = float | None
Whole = int | None


@dataclass(frozen=True)
class Sending:
    """Where images are submitted, and how their results are given back."""

    out: Out = OUT
    as_json: AsJson = False
    url: Url = URL
    key: Key = None


@dataclass(frozen=True)
class Labelling:
    """What a job is called by, and what else every job takes."""

    reference: Annotated[Text, typer.Option(help="Your name for the job, such as a SKU; it finds the job again.")] = (
        None
    )
    metadata: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, returned with the job; can be repeated up to ten times.")
    ] = None
    recipe: Annotated[Text, typer.Option(help="Saved recipe whose fields hold where an option is not given.")] = None
    priority: Annotated[Text, typer.Option(help="interactive, or batch: run when no interactive job waits.")] = None
    webhook: Annotated[Text, typer.Option(help="https URL to notify when the job ends.")] = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a call that they set. Raises LocalProblem if one is malformed."""
        given = {"reference": self.reference, "recipe": self.recipe, "webhook": self.webhook, "priority": self.priority}
        return {**given, "metadata": pairs("--metadata", self.metadata)}


@dataclass(frozen=True)
class Making:
    """How an engine makes images, and which of them are kept."""

    engine: Engine = None
    negative_prompt: Annotated[Text, typer.Option(help="What the image must not show.")] = None
    guidance_scale: GuidanceScale = None
    steps: Steps = None
    scheduler: Annotated[Text, typer.Option(help="Scheduler (solver) for the denoising steps.")] = None
    clip_skip: Annotated[Whole, typer.Option(help="Number of last layers of the text encoder to skip.")] = None
    label: Label = None
    truncation: Annotated[Number, typer.Option(help="Limit on the latent's distance from its mean, 0 to 1.")] = None
    temperature: Annotated[Number, typer.Option(help="Temperature of the next token, up to 2.")] = None
    top_k: Annotated[Whole, typer.Option(help="Sample from this many most likely next tokens.")] = None
    top_p: Annotated[Number, typer.Option(help="Sample from the tokens whose probabilities add up to this.")] = None
    seed: Seed = None
    settings: Settings = None
    lora: Annotated[list[str] | None, typer.Option(help="LoRA adapter as NAME or NAME=WEIGHT; can be repeated.")] = None
    candidates: Candidates = None
    keep: Annotated[Text, typer.Option(help="Candidates to save: best or all.")] = None
    attempts: Annotated[Whole, typer.Option(help="Maximum attempts until a result is not rejected.")] = None
    exact: Annotated[bool, typer.Option("--exact", help="Run alone, for byte-identical output.")] = False
    quality: Annotated[Whole, typer.Option(help="1 to 100, of jpeg and webp.")] = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a call that they set. Raises LocalProblem if one is malformed."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("settings", "lora")}
        return {**parameters(self.settings, **own), "exact": self.exact or None, "loras": loras(self.lora)}


@dataclass(frozen=True)
class FromImage:
    """How closely an engine keeps to the image it is given, and what its result must reach."""

    strength: Strength = None
    image_guidance_scale: Annotated[Number, typer.Option(help="How closely to follow the image.")] = None
    variation: Annotated[Number, typer.Option(help="How far from the image's own latent to sample, 0 to 1.")] = None
    layer: Annotated[Text, typer.Option(help="Layer whose features represent the image.")] = None
    parts: Annotated[Text, typer.Option(help="What to dye: main, only the cloth, or all.")] = None
    shadow: Annotated[Text, typer.Option(help="On a new background: keep, contact or none.")] = None
    content_weight: Annotated[Number, typer.Option(help="Weight of the content.")] = None
    style_weight: Annotated[Number, typer.Option(help="Weight of the style.")] = None
    threshold: Annotated[
        list[str] | None,
        typer.Option(help="Acceptance threshold, such as ssim=0.8, or ssim=none to leave it out; can be repeated."),
    ] = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a call that they set. Raises LocalProblem if one is malformed."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "threshold"}
        return {**own, "thresholds": thresholds(self.threshold)}


@dataclass(frozen=True)
class Printing:
    """What is printed on the product, where and how."""

    text: Annotated[Text, typer.Option(help="Text to print on the product.")] = None
    text_colour: Annotated[Text, typer.Option(help="Colour of the text, as #RRGGBB.")] = None
    logo: Annotated[Path | None, typer.Option(help="Image to print on the product.")] = None
    font: Annotated[Text, typer.Option(help="Font of the text: " + ", ".join(get_args(Font)) + ".")] = None
    place: Annotated[Text, typer.Option(help="Where to print: left,top,width,height, each 0 to 1.")] = None
    print_size: Annotated[Number, typer.Option(help="Width of the print as a share of the product's.")] = None
    angle: Annotated[Number, typer.Option(help="Degrees to turn the print by, clockwise.")] = None
    curve: Annotated[Number, typer.Option(help="Share of a half circle to bend the print by.")] = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a call that they set. Raises LocalProblem if the place is malformed."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "print_size"}
        return {**own, "size": self.print_size, "place": place_of(self.place)}


GROUPS: Final = (Sending, Labelling, Making, FromImage, Printing)


def sends(command: Command) -> Command:
    """Give a command the options of its parameters that are groups, after its own."""
    own = signature(command)
    groups = {
        name: parameter.annotation for name, parameter in own.parameters.items() if parameter.annotation in GROUPS
    }
    shared = {name: signature(group).parameters for name, group in groups.items()}

    @wraps(command)
    def sent(**options: Any) -> None:  # noqa: ANN401  whatever the options of a command hold
        made = {name: group(**{one: options.pop(one) for one in shared[name]}) for name, group in groups.items()}
        command(**made, **options)

    parameters: list[Parameter] = [parameter for name, parameter in own.parameters.items() if name not in groups]
    for name in sorted(groups, key=lambda name: groups[name] is Sending):
        parameters += shared[name].values()
    sent.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return sent
