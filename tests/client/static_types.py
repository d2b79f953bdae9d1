"""What a type checker knows of the clients' methods; mypy reads this file and nothing runs it."""

from typing import assert_type

from likeness.client import AsyncClient, Client, EngineInfo, RemoteJob, Report


def both_clients_have_typed_methods(client: Client) -> None:
    assert_type(client.recreate("shirt.jpg", idempotency_key="order-7", seed=3), RemoteJob)
    assert_type(client.compare("shirt.jpg", [{"engine": "starter"}], mask="mask.png"), RemoteJob)
    assert_type(client.report("j1", 2), Report)
    assert_type(client.preview("j1"), bytes | None)
    assert_type(client.engines(), list[EngineInfo])


async def and_so_has_the_one_for_asyncio(client: AsyncClient) -> None:
    assert_type(await client.recreate("shirt.jpg", idempotency_key="order-7", seed=3), RemoteJob)
    assert_type(await client.report("j1", n=2), Report)
    assert_type(await client.engines(), list[EngineInfo])


def wrong_calls_are_found(client: Client) -> None:
    client.recreate(3)  # type: ignore[arg-type]  # an int is no picture
    client.recreate()  # type: ignore[call-arg]  # the picture is missing
    client.reproduce("j1", key="order-7")  # type: ignore[call-arg]  # there is no such parameter
